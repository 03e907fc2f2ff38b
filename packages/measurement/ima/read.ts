// What does this run-time list say, entry by entry? For showing it and for whoever needs each entry's fields; lenient, one entry at a time.
// Says nothing of truth beyond the template digest: replay.ts says which entries a quote proves.
import { hash } from 'node:crypto';
import { escaped } from '@assay/core';
import { ImaFrames, spells } from './frame.ts';
import type { ImaCut, ImaEntry, ImaProblem } from './list.ts';
import { bootAggregateName, TemplateData } from './template.ts';

/** PCR that IMA extends unless the kernel was built otherwise (CONFIG_IMA_MEASURE_PCR_IDX). */
export const imaPcr = 10;

/**
 * The entries of a binary list, or of the part of one that begins at `at`: where that is in the whole list and how many entries are
 * before it. The generator returns why it stopped before the end, when it did.
 */
export function* readImaList(
  bytes: Uint8Array,
  at: { offset: number; entries: number } = { offset: 0, entries: 0 },
): Generator<ImaEntry, ImaCut | undefined> {
  const frames = new ImaFrames(bytes);
  for (let index = at.entries; frames.next(); index++) yield entryAt(frames, index, at.offset);
  return frames.cut && { offset: at.offset + frames.cut.offset, reason: frames.cut.reason };
}

/** The entry at which `frames` stands. @param offset of the first of `frames`' bytes in the whole list */
export function entryAt(frames: ImaFrames, index: number, offset: number): ImaEntry {
  const { bytes, pcr, digest, name, nameEnd, data, end, start } = frames;
  const read = new TemplateData();
  const problems = problemsAt(frames, index, read);
  return {
    index,
    offset: offset + start,
    pcr,
    templateDigest: bytes.subarray(digest, digest + 20),
    template: escaped(bytes.toString('latin1', name, nameEnd)),
    violation: frames.violation,
    data: bytes.subarray(data, end),
    fields: read.fields,
    problems,
  };
}

/** What is strange about the entry at which `frames` stands. @param read left standing at the entry's template data */
export function problemsAt(frames: ImaFrames, index: number, read: TemplateData): readonly ImaProblem[] {
  const { violation, pcr } = frames;
  read.read(frames, violation);
  const first = index === 0;
  // Of a template nobody knows the data says nothing, whether it was hashed or not.
  const wrongDigest = !violation && read.isKnown && !isTemplateDigest(frames);
  const placed = read.isBootAggregate === first;
  if (!violation && !wrongDigest && pcr === imaPcr && placed) return read.problems;
  const problems = [...read.problems];
  if (violation) problems.push(violated);
  if (wrongDigest) problems.push(wrongTemplateDigest);
  if (pcr !== imaPcr) problems.push({ code: 'other-pcr', text: `measured into PCR ${pcr}` });
  if (!placed) problems.push(first ? noBootAggregate : secondBootAggregate);
  return problems;
}

const isTemplateDigest = ({ bytes, digest, hashed }: ImaFrames) =>
  spells(bytes, digest, digest + 20, hash('sha1', hashed, 'latin1'));

const violated: ImaProblem = { code: 'violation', text: 'the file changed while it was measured' };
const wrongTemplateDigest: ImaProblem = {
  code: 'template-digest',
  text: 'the template digest is not the SHA-1 of the template data',
};
const noBootAggregate: ImaProblem = { code: 'boot-aggregate', text: `the first entry is not ${bootAggregateName}` };
const secondBootAggregate: ImaProblem = { code: 'boot-aggregate-again', text: `${bootAggregateName} again` };
