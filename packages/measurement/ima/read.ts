// What does this run-time list say, entry by entry? For showing it and for whoever needs each entry's fields; lenient, one entry at a time.
// Says nothing of truth beyond the template digest: replay.ts says which entries a quote proves.
import { hash } from 'node:crypto';
import { escaped } from '@assay/core';
import { ImaFrames } from './frame.ts';
import type { ImaCut, ImaEntry, ImaProblem } from './list.ts';
import { bootAggregateName, readTemplateData } from './template.ts';
import { hashedBytes } from './template-digest.ts';

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
  const violation = frames.isViolation();
  const template = bytes.toString('latin1', name, nameEnd);
  const { fields, problems } = readTemplateData(template, bytes.subarray(data, end), violation);
  const templateDigest = bytes.subarray(digest, digest + 20);
  if (violation) problems.push({ code: 'violation', text: 'the file changed while it was measured' });
  else if (!hash('sha1', hashedBytes(frames), 'buffer').equals(templateDigest))
    problems.push({ code: 'template-digest', text: 'the template digest is not the SHA-1 of the template data' });
  if (pcr !== imaPcr) problems.push({ code: 'other-pcr', text: `measured into PCR ${pcr}` });
  const misplaced = fields && misplacedBootAggregate(fields.path, index);
  if (misplaced) problems.push(misplaced);
  else if (!fields && index === 0) problems.push(noBootAggregate);
  return {
    index,
    offset: offset + start,
    pcr,
    templateDigest,
    template: escaped(template),
    violation,
    data: bytes.subarray(data, end),
    fields,
    problems,
  };
}

const noBootAggregate: ImaProblem = { code: 'boot-aggregate', text: `the first entry is not ${bootAggregateName}` };

function misplacedBootAggregate(path: string, index: number): ImaProblem | undefined {
  if (path === bootAggregateName)
    return index === 0 ? undefined : { code: 'boot-aggregate', text: `${bootAggregateName} again` };
  return index === 0 ? noBootAggregate : undefined;
}
