// Does IMA's run-time list explain the PCR 10 that the TPM signed, and what is wrong with its entries? Entries beyond the quote are never
// claimed: they were appended while the list was read, and the next round has to prove them.
// A list that is proven says what was measured, not that it is good: no list of files is judged yet.
import { AssayError } from '@assay/core';
import {
  type ImaPart,
  type ImaReplay,
  type ImaState,
  imaPcr,
  type KnownImaLines,
  readImaList,
  replayIma,
} from '@assay/measurement';
import { type ClaimedImaLog, type Finding, fromBase64 } from '@assay/protocol';
import type { HashName, PcrBanks } from '@assay/tpm/structures';
import { finding, findingOf } from '../findings/finding.ts';
import { bootAggregateFindings } from './boot-aggregate.ts';
import { entryFindings, kept } from './entry-findings.ts';
import type { ReadPart } from './measured-files.ts';
import type { ImaProgress } from './progress.ts';

export type ImaInput = {
  /** As the host sent it. */
  claimed: ClaimedImaLog | undefined;
  /** Byte the challenge asked from. */
  asked: number;
  /** Of an earlier round of this boot: none after the TPM was reset or restarted. */
  previous: ImaProgress | undefined;
  /** What the quote proves, by bank: PCR 10, and 0–9 for boot_aggregate. */
  proven: PcrBanks;
  /** Entries seen before, on whichever host. */
  known: KnownImaLines | undefined;
};

export type ImaResult = {
  findings: Finding[];
  /** To be stored, and given as `previous` next time. */
  progress: ImaProgress | undefined;
  /** What of the list was read in this round and leads to `progress`: proven, or, while the list is unfinished, on the way there. */
  part?: ReadPart;
};

/** Bytes read for one boot of one host. */
const longestList = 1024 ** 3;
/** How many rounds in a row a list may fail to lead to the quote before it is called wrong. */
const mostMisses = 2;
const place = { pcr: imaPcr, component: 'operating_system' } as const;
const begin: ImaProgress = { list: { offset: 0, entries: 0, pcrs: {} }, findings: [], misses: 0, tailEnd: 0 };

type Target = Partial<Record<HashName, Uint8Array>>;

/** A bank may be quoted without PCR 10. */
const targetOf = (proven: PcrBanks): Target =>
  Object.fromEntries(
    Object.entries(proven).flatMap(([bank, pcrs]) => {
      const value = pcrs?.get(imaPcr);
      return value ? [[bank, value]] : [];
    }),
  );

export function verifyIma({ claimed, asked, previous, proven, known }: ImaInput): ImaResult {
  const target = targetOf(proven);
  const untouched = Object.values(target).every((value) => value.every((byte) => byte === 0));
  if (!claimed) return { findings: [missing(target)], progress: previous };
  if (untouched) return { findings: [notExtended(claimed)], progress: undefined };
  try {
    const bytes = fromBase64(claimed.data, 'evidence.ima_log.data');
    const from = claimed.offset === 0 ? undefined : previous;
    const part = partFrom({ offset: claimed.offset, bytes }, asked, from?.list);
    const replay = replayIma(part, from?.list, target, known);
    const entries = [...entryFindings(replay, part), ...bootAggregateFindings(replay, proven)];
    const wrong = kept(from?.findings ?? [], entries);
    const read = replay.state ?? replay.end;
    if (read.offset > longestList) return { findings: [tooLong(read)], progress: previous };
    const reading = readPart(part, from?.list, read);
    if (replay.state) return { ...reached(part, replay, replay.state, wrong, previous), part: reading };
    if (claimed.more && read.offset > part.offset) return { ...unfinished(read, wrong, previous), part: reading };
    return missed(replay, target, entries, previous);
  } catch (error) {
    return { findings: [{ ...findingOf(error), ...place }], progress: previous };
  }
}

/**
 * What is to be read of the part that came. Another round may have read on meanwhile: what it has proven is not read again.
 * @throws AssayError `ima-offset`
 */
function partFrom(part: ImaPart, asked: number, list: ImaState | undefined): ImaPart {
  if (part.offset === 0) return part;
  if (part.offset !== asked || !list || list.offset < asked)
    throw new AssayError('ima-offset', 'evidence.ima_log.offset', list && asked ? `${asked} or 0` : '0', part.offset);
  return { offset: list.offset, bytes: part.bytes.subarray(list.offset - asked) };
}

const readPart = ({ offset, bytes }: ImaPart, from: ImaState | undefined, to: ImaState): ReadPart => ({
  offset,
  bytes: bytes.subarray(0, to.offset - offset),
  entries: from?.entries ?? 0,
  pcrs: from?.pcrs ?? {},
});

function reached(
  part: ImaPart,
  replay: ImaReplay,
  list: ImaState,
  wrong: Finding[],
  previous: ImaProgress | undefined,
): ImaResult {
  const findings = [...wrong];
  if (list.padded?.length)
    findings.push(
      finding(
        'ima-padded-sha1',
        'IMA list',
        'template digests in the hash of the bank',
        `SHA-1 in ${list.padded}`,
        place,
      ),
    );
  const before = previous?.tailEnd ?? 0;
  if (unproven(part, list, before))
    findings.push(
      finding('ima-tail-unproven', 'IMA list', `its first ${before} bytes proven`, `${list.offset} bytes`, place),
    );
  const end = replay.cut?.offset ?? part.offset + part.bytes.length;
  const tailEnd = Math.max(before, end);
  return { findings, progress: { list, findings: wrong, misses: 0, tailEnd } };
}

/** Whether an entry before `end` that is PCR 10's is not proven: it is still there, or was taken back, as no kernel does. */
function unproven({ offset, bytes }: ImaPart, list: ImaState, end: number): boolean {
  if (offset + bytes.length < end) return true;
  for (const entry of readImaList(bytes.subarray(list.offset - offset), list)) {
    if (entry.offset >= end) break;
    if (entry.pcr === imaPcr) return true;
  }
  return false;
}

function unfinished(list: ImaState, wrong: Finding[], previous: ImaProgress | undefined): ImaResult {
  const seen = `${list.offset} bytes read`;
  const more = finding('ima-list-unfinished', 'IMA list', 'all of it', `${seen}, and more to come`, place);
  const tailEnd = previous?.tailEnd ?? 0;
  return { findings: [more, ...wrong], progress: { list, findings: wrong, misses: 0, tailEnd, unfinished: true } };
}

/** Time heals a list that was read too early; not one that contradicts itself. */
function missed({ end }: ImaReplay, target: Target, entries: Finding[], previous: ImaProgress | undefined): ImaResult {
  const misses = (previous?.misses ?? 0) + 1;
  const wrong = misses > mostMisses || entries.some(({ code }) => code === 'ima-template-digest');
  const code = wrong ? 'ima-list-mismatch' : 'ima-list-behind';
  const found = finding(
    code,
    'IMA list',
    `entries that lead to PCR 10 (${valueText(target)})`,
    valueText(end.pcrs),
    place,
  );
  return { findings: [found, ...(wrong ? entries : [])], progress: { ...(previous ?? begin), misses } };
}

const missing = (target: Target) =>
  finding('ima-list-missing', 'PCR 10', 'the list of what extended it', `none (it holds ${valueText(target)})`, place);

const notExtended = ({ data }: ClaimedImaLog) =>
  finding(
    'ima-not-extended',
    'PCR 10',
    'the value the list leads to',
    `zero, and a list of ${data.length} characters`,
    place,
  );

const tooLong = ({ offset }: ImaState) =>
  finding('ima-list-too-long', 'IMA list', `at most ${longestList} bytes`, `${offset}`, place);

const valueText = (values: Readonly<Partial<Record<HashName, Uint8Array | string>>>) =>
  Object.entries(values)
    .map(([bank, value]) => `${bank} ${typeof value === 'string' ? value : value.toHex()}`)
    .join(', ');
