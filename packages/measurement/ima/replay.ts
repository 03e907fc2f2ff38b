// Which part of this run-time list does the quote prove? Replays it into PCR 10, bank by bank, until the quoted values are reached; what
// follows was appended after the quote and is not proven yet. Proven means: measured by the kernel, not: good.
import { AssayError } from '@assay/core';
import { digestSize, type HashName, hashNames } from '@assay/tpm/structures';
import { type ExtendMode, PcrBank } from './bank.ts';
import { ImaFrames } from './frame.ts';
import { KnownImaLines, longestLine } from './known-lines.ts';
import type { ImaCut, ImaEntry, ImaProblem, ImaProblemCode, ImaState } from './list.ts';
import { entryAt, imaPcr } from './read.ts';
import { hashedBytes } from './template-digest.ts';

/** A list, or the part of one from `offset` on, as a host sent it. */
export type ImaPart = { offset: number; bytes: Uint8Array };

/** A problem of an entry, with where it is in the whole list. */
export type ImaFinding = ImaProblem & { index: number; offset: number };

export type ImaReplay = {
  /** Where the next round goes on: after the last entry the quote proves. Undefined: the list reaches the quoted values nowhere. */
  state: ImaState | undefined;
  /** After the last whole entry looked at, proven or not: where to go on with the next piece of a list that came in pieces. */
  end: ImaState;
  /** Entry 0 of the list, when this part has it. Proven only when `state` is there and counts it. */
  first: ImaEntry | undefined;
  /** Whole entries after the proven ones; all of them when none is proven. */
  tail: number;
  /** What is strange about the proven entries, or about all when none is proven: how often, and the first hundred of each kind. */
  counts: Readonly<Partial<Record<ImaProblemCode, number>>>;
  findings: readonly ImaFinding[];
  /** Where the list breaks off within an entry. In what is not proven this happens to honest hosts too. */
  cut: ImaCut | undefined;
};

const findingsKept = 100;

/**
 * @param from what an earlier round proved; left aside when the part begins at 0
 * @param target PCR 10 as the quote proves it, by bank: all must be reached at the same entry
 * @param known entries seen before; shared by all hosts
 * @throws AssayError `ima-offset` when the part begins neither at 0 nor where `from` ends, `ima-state` when `from` lacks a bank of `target`
 */
export function replayIma(
  part: ImaPart,
  from: ImaState | undefined,
  target: Target,
  known: KnownImaLines = new KnownImaLines(0),
): ImaReplay {
  const start = startOf(part, from);
  const banks = banksOf(target, start);
  const replay = walk(part, start, banks, known);
  const others = replay.state ? undefined : otherModes(part, start, banks, target);
  return others ? walk(part, start, others, known) : replay;
}

const nothing: ImaState = { offset: 0, entries: 0, pcrs: {} };

function startOf({ offset }: ImaPart, from: ImaState | undefined): ImaState {
  if (from?.offset === offset) return from;
  if (offset === 0) return nothing;
  throw new AssayError('ima-offset', "offset of IMA's list", `0${from ? ` or ${from.offset}` : ''}`, offset);
}

type Target = Readonly<Partial<Record<HashName, Uint8Array>>>;

function banksOf(target: Target, start: ImaState, modes?: ReadonlyMap<HashName, ExtendMode>): PcrBank[] {
  return hashNames.flatMap((name) => {
    const wanted = target[name];
    if (!wanted) return [];
    const mode = modes?.get(name) ?? (start.padded?.includes(name) ? 'padded' : 'recomputed');
    return [new PcrBank(name, mode, valueAt(start, name), wanted)];
  });
}

/** PCR 10 at the start: zero before the first entry (PC Client PTP: it is reset with the TPM alone). */
function valueAt({ entries, pcrs }: ImaState, bank: HashName): Uint8Array {
  const hex = pcrs[bank];
  if (hex === undefined && entries === 0) return new Uint8Array(digestSize(bank));
  const value = Buffer.from(hex ?? '', 'hex');
  if (value.length !== digestSize(bank)) throw new AssayError('ima-state', `PCR 10 in bank ${bank}`, 'its value', hex);
  return value;
}

function walk(part: ImaPart, start: ImaState, banks: readonly PcrBank[], known: KnownImaLines): ImaReplay {
  const frames = new ImaFrames(part.bytes);
  const findings = new Findings(part.offset);
  let first: ImaEntry | undefined;
  let entries = 0;
  let end = 0;
  const matched = () => banks.length > 0 && banks.every((bank) => bank.atTarget);
  let proven = matched();
  while (!proven && frames.next()) {
    const index = start.entries + entries;
    if (index === 0) first = entryAt(frames, index, part.offset);
    if (frames.pcr !== imaPcr) findings.add(index, frames, otherPcr(frames.pcr));
    else if (frames.isViolation()) {
      for (const problem of entryAt(frames, index, part.offset).problems) findings.add(index, frames, problem);
      for (const bank of banks) bank.extendViolation();
    } else extend(frames, index, banks, known, findings);
    entries += 1;
    end = frames.end;
    for (const bank of banks) bank.look(entries);
    proven = matched();
  }
  const padded = banks.filter(({ mode }) => mode !== 'recomputed').map(({ name }) => name);
  const at: ImaState = {
    offset: part.offset + end,
    entries: start.entries + entries,
    pcrs: Object.fromEntries(banks.map(({ name, hex }) => [name, hex])),
    ...(padded.length ? { padded } : {}),
  };
  let tail = proven ? 0 : entries;
  while (frames.next()) {
    if (start.entries + entries + tail === 0) first = entryAt(frames, 0, part.offset);
    tail += 1;
  }
  const cut = frames.cut && { offset: part.offset + frames.cut.offset, reason: frames.cut.reason };
  return { state: proven ? at : undefined, end: at, first, tail, ...findings.result, cut };
}

function extend(frames: ImaFrames, index: number, banks: readonly PcrBank[], known: KnownImaLines, findings: Findings) {
  const { bytes, start, end, digest } = frames;
  const key = end - start <= longestLine ? bytes.toString('latin1', start, end) : undefined;
  let line = key === undefined ? undefined : known.get(key);
  if (!line) {
    line = {};
    const { problems } = entryAt(frames, index, 0);
    for (const problem of problems) findings.add(index, frames, problem);
    if (key !== undefined && !problems.length && index > 0) known.set(key, line);
  }
  const sha1 = key?.slice(4, 24) ?? bytes.toString('latin1', digest, digest + 20);
  for (const bank of banks) {
    if (bank.mode !== 'recomputed') {
      bank.extend(bank.digestOf(sha1, () => bytes));
      continue;
    }
    line[bank.name] ??= bank.digestOf(sha1, () => hashedBytes(frames));
    bank.extend(line[bank.name] as string);
  }
}

/**
 * Banks that do reach their target at one and the same entry when some are fed padded digests; undefined when there is no such way.
 * A list once read in one way goes on in it.
 */
function otherModes(part: ImaPart, start: ImaState, banks: readonly PcrBank[], target: Target): PcrBank[] | undefined {
  const others = banks
    .filter(({ reached, name }) => reached === undefined && name !== 'sha1')
    .flatMap(({ name, mode }) => {
      const modes: ExtendMode[] =
        mode === 'recomputed' ? ['padded', 'padded-but-violations'] : ['padded-but-violations'];
      if (mode === 'recomputed' && start.entries > 0) return [];
      return modes.map((other) => new PcrBank(name, other, valueAt(start, name), target[name] as Uint8Array));
    });
  if (!others.length) return undefined;
  const frames = new ImaFrames(part.bytes);
  for (let entries = 1; frames.next(); entries++) {
    if (frames.pcr !== imaPcr) continue;
    const sha1 = frames.isViolation() ? undefined : frames.bytes.toString('latin1', frames.digest, frames.digest + 20);
    for (const bank of others) {
      if (sha1 === undefined) bank.extendViolation();
      else bank.extend(bank.digestOf(sha1, () => frames.bytes));
      bank.look(entries);
    }
  }
  const reached = banks.map((bank) =>
    bank.reached !== undefined ? bank : others.find((other) => other.name === bank.name && other.reached !== undefined),
  );
  if (reached.some((bank) => bank === undefined || bank.reached !== reached[0]?.reached)) return undefined;
  return banksOf(target, start, new Map(reached.map((bank) => [bank?.name as HashName, bank?.mode as ExtendMode])));
}

const otherPcr = (pcr: number): ImaProblem => ({ code: 'other-pcr', text: `measured into PCR ${pcr}` });

/** What was strange, counted in full and kept in part: a hostile list must not cost more memory than its bytes. */
class Findings {
  private readonly counts: Partial<Record<ImaProblemCode, number>> = {};
  private readonly findings: ImaFinding[] = [];
  private readonly offset: number;

  constructor(offset: number) {
    this.offset = offset;
  }

  add(index: number, { start }: ImaFrames, { code, text }: ImaProblem): void {
    const count = (this.counts[code] ?? 0) + 1;
    this.counts[code] = count;
    if (count <= findingsKept) this.findings.push({ code, text, index, offset: this.offset + start });
  }

  get result() {
    return { counts: this.counts, findings: this.findings };
  }
}
