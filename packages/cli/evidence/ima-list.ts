// What does IMA's run-time list say, and what about it is strange? The list alone: only a quote of PCR 10 can say that all of it
// was measured, and no more than that was.
import { AssayError } from '@assay/core';
import {
  type BrokenLine,
  type ImaCut,
  type ImaEntry,
  type ImaProblem,
  readImaList,
  readImaSignature,
  replayIma,
} from '@assay/measurement';
import type { PieceOf, Strange } from './piece.ts';

export type EntryReport = {
  index: number;
  /** In the whole list in its binary form, in bytes. */
  offset: number;
  pcr: number;
  template: string;
  /** Hex. */
  template_digest: string;
  /** Of the file or buffer, hex; absent when it could not be read. */
  digest?: { algorithm: string; value: string };
  /** A hint, never proof of which file it was. */
  path?: string;
  /** In words: of which kind, by which key. */
  signature?: string;
  /** Codes of what is strange about it. */
  strange: string[];
};

export type ImaReport = {
  kind: 'ima-list';
  name: string;
  /** Of the binary form. */
  bytes: number;
  /** Of the first byte in the whole list. */
  offset: number;
  count: number;
  templates: Record<string, number>;
  /** Files by where they lie: `/usr/bin`. */
  places: Record<string, number>;
  /** Entries with a signature. */
  signed: number;
  boot_aggregate?: { algorithm: string; value: string };
  /** PCR 10 after the last entry, hex by bank; absent when the list does not begin at its beginning. */
  pcr10?: Record<string, string>;
  entries: Iterable<EntryReport>;
  /** The first 1,000 of each kind. */
  strange: Strange[];
  /** By code: how many more there are than `strange` has. Absent: none. */
  strange_left_out?: Record<string, number>;
};

/** Of each kind; a hostile list has as many as it has entries. */
const mostOfAKind = 1000;

export async function imaReport({ name, bytes, offset, broken }: PieceOf<'ima-list'>): Promise<ImaReport> {
  const { imaFindingCode } = await import('@assay/appraisal');
  const report: ImaReport = {
    kind: 'ima-list',
    name,
    bytes: bytes.length,
    offset,
    count: 0,
    templates: {},
    places: {},
    signed: 0,
    ...(offset === 0 && { pcr10: pcr10Of(bytes) }),
    entries: { [Symbol.iterator]: () => entryReports(bytes, offset, imaFindingCode) },
    strange: [],
  };
  const counts: Record<string, number> = {};
  const list = readImaList(bytes, { offset, entries: offset === 0 ? 0 : 1 });
  let next = list.next();
  for (; !next.done; next = list.next()) {
    count(report, next.value);
    for (const { code, text } of next.value.problems) {
      const kind = imaFindingCode(code);
      const seen = (counts[kind] ?? 0) + 1;
      counts[kind] = seen;
      if (seen <= mostOfAKind) report.strange.push(strangeOf(kind, next.value, text));
    }
  }
  const leftOut = Object.entries(counts).flatMap(([kind, seen]) =>
    seen > mostOfAKind ? [[kind, seen - mostOfAKind] as const] : [],
  );
  return {
    ...report,
    strange: [...report.strange, ...cutOf(next.value), ...broken.map(brokenLine)],
    ...(leftOut.length > 0 && { strange_left_out: Object.fromEntries(leftOut) }),
  };
}

function count(report: ImaReport, { index, template, fields }: ImaEntry): void {
  report.count += 1;
  report.templates[template] = (report.templates[template] ?? 0) + 1;
  if (fields?.signature?.length) report.signed += 1;
  const place = fields && placeOf(fields.path);
  if (place) report.places[place] = (report.places[place] ?? 0) + 1;
  if (index === 0 && fields) report.boot_aggregate = digestOf(fields.digest);
}

/** `/usr/bin`; undefined for what is no file. */
function placeOf(path: string): string | undefined {
  if (!path.startsWith('/')) return undefined;
  const parts = path.split('/', 4).slice(1, -1);
  return `/${parts.slice(0, 2).join('/')}`;
}

const digestOf = ({ algorithm, value }: { algorithm: string; value: Uint8Array }) => ({
  algorithm,
  value: value.toHex(),
});

const strangeOf = (code: string, { index, offset, fields }: ImaEntry, text: string): Strange => ({
  code,
  message: `entry ${index}${fields ? ` (${fields.path})` : ''}: ${text}`,
  offset,
  entry: index,
});

const brokenLine = ({ line, reason }: BrokenLine): Strange => ({
  code: 'ima-malformed',
  message: `line ${line} is left out: ${reason}`,
});

const cutOf = (cut: ImaCut | undefined): Strange[] =>
  cut ? [{ code: 'ima-malformed', message: `the list breaks off: ${cut.reason}`, offset: cut.offset }] : [];

/** @param codeOf a problem: the code an appraisal’s finding has for it */
function* entryReports(
  bytes: Uint8Array,
  offset: number,
  codeOf: (problem: ImaProblem['code']) => string,
): Generator<EntryReport> {
  for (const entry of readImaList(bytes, { offset, entries: offset === 0 ? 0 : 1 })) {
    const { fields } = entry;
    yield {
      index: entry.index,
      offset: entry.offset,
      pcr: entry.pcr,
      template: entry.template,
      template_digest: entry.templateDigest.toHex(),
      ...(fields && { digest: digestOf(fields.digest), path: fields.path }),
      ...(fields?.signature?.length && { signature: signatureText(fields.signature) }),
      strange: entry.problems.map(({ code }) => codeOf(code)),
    };
  }
}

function signatureText(bytes: Uint8Array): string {
  const read = readImaSignature(bytes);
  return typeof read === 'string' ? `none: ${read}` : `${read.kind}, ${read.hash}, by key ${read.keyId}`;
}

/** A value no list leads to, so that all of it is replayed. */
const unreachable = (size: number) => new Uint8Array(size).fill(0xff);

function pcr10Of(bytes: Uint8Array): Record<string, string> {
  const target = { sha1: unreachable(20), sha256: unreachable(32), sha384: unreachable(48) };
  try {
    return replayIma({ offset: 0, bytes }, undefined, target).end.pcrs;
  } catch (error) {
    if (error instanceof AssayError) return {};
    throw error;
  }
}
