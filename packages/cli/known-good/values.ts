// Values as POST /v1/reference takes them: what is there twice once, in an order of its own, and never longer than a value may be.
import { AssayError } from '@assay/core';
import type { NewReferenceValue, ReferenceFile, ReferenceMeasurement } from '@assay/protocol';
import { limits } from './limits.ts';

export type Head = {
  component: string;
  vendor?: string | undefined;
  name?: string | undefined;
  version?: string | undefined;
  source: NewReferenceValue['source'];
};

/** One value, or as many as it takes; none of no measurements. The order is theirs, so that the same bytes give the same value. */
export function measurementValues(head: Head, measurements: readonly ReferenceMeasurement[]): NewReferenceValue[] {
  const once = new Map(measurements.map((one) => [`${one.claim}\0${JSON.stringify(one.digests)}`, one]));
  return inParts([...once.values()], limits.measurementsInValue).map((part) => ({
    ...headOf(head),
    content: { form: 'measurements', measurements: part },
  }));
}

/** By path. @throws AssayError `files-many` when it would not fit into one request */
export function filesValues(head: Head, files: readonly ReferenceFile[]): NewReferenceValue[] {
  const once = new Map(files.map((one) => [`${one.path}\0${JSON.stringify(one.digests)}`, one]));
  const sorted = [...once].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
  if (sorted.length > limits.entries)
    throw new AssayError('files-many', head.source.name, `at most ${limits.entries} files`, sorted.length);
  return inParts(sorted, limits.filesInValue).map((part) => ({
    ...headOf(head),
    content: { form: 'files', files: part },
  }));
}

function headOf({ component, source, ...words }: Head) {
  const said = Object.entries(words).flatMap(([name, text]) => (text ? [[name, text.slice(0, limits.words)]] : []));
  return { component, ...Object.fromEntries(said), source: { ...source, name: source.name.slice(0, 1000) } };
}

const inParts = <T>(all: readonly T[], most: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most));
