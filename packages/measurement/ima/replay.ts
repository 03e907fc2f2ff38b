// Which part of this run-time list does the quote prove? Replays it into PCR 10, bank by bank, until the quoted values are reached; what
// follows was appended after the quote and is not proven yet. Proven means: measured by the kernel, not: good.
import { AssayError } from '@assay/core';
import { digestSize, type HashName, hashNames } from '@assay/tpm/structures';
import { type ExtendMode, PcrBank } from './bank.ts';
import { ImaFrames } from './frame.ts';
import { KnownImaLines } from './known-lines.ts';
import type { ImaState } from './list.ts';
import { imaPcr } from './read.ts';
import { type ImaPart, type ImaReplay, Walk } from './walk.ts';

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
  const replay = new Walk(part, start, banks, known).run();
  if (replay.state || isHopeless(replay)) return replay;
  const others = otherModes(part, start, banks, target);
  const again = others && new Walk(part, start, others, known).run();
  return again?.state ? again : replay;
}

/** So many entries that no kernel writes: which kernel wrote them is no question. */
const isHopeless = ({ counts }: ImaReplay) =>
  (counts['template-digest'] ?? 0) + (counts['template-unknown'] ?? 0) + (counts.fields ?? 0) > 100;

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

/**
 * Banks that reach their target, those that did not in another way than before: with padded digests. Undefined when one reaches it in no
 * way. A list once read in one way goes on in it; so a list in several parts, of a kernel that pads, is not explained: that its first part is
 * padded nothing shows until the target is reached.
 */
function otherModes(part: ImaPart, start: ImaState, banks: readonly PcrBank[], target: Target): PcrBank[] | undefined {
  const others = banks
    .filter(({ reached, name, mode }) => !reached && name !== 'sha1' && (mode !== 'recomputed' || !start.entries))
    .map(({ name }) => new PcrBank(name, 'padded', valueAt(start, name), target[name] as Uint8Array));
  if (!others.length) return undefined;
  const frames = new ImaFrames(part.bytes);
  let differ = false;
  while (frames.next()) {
    if (frames.pcr !== imaPcr) continue;
    if (!differ && frames.violation) {
      differ = true;
      others.push(...others.map((bank) => bank.as('padded-but-violations')));
    }
    for (const bank of others) {
      bank.take(frames);
      bank.extend();
      bank.look();
    }
  }
  const modes = new Map<HashName, ExtendMode>();
  for (const { name, mode, reached } of [...banks, ...others]) if (reached) modes.set(name, mode);
  return modes.size === banks.length ? banksOf(target, start, modes) : undefined;
}
