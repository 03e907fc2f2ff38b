// Are the files that IMA measured known to be good? Each by an allow list, in which path and digest stand together, or by a signature of a
// key the policy names. An entry is judged once for each basis: what came of it is remembered from round to round.
// Of a list that is not read to its end, entries are judged on the way; what is not proven makes nobody trusted, a finding says so already.
import type { ImaPart, ImaState } from '@assay/measurement';
import type { Finding } from '@assay/protocol';
import type { Policy } from '../policy/policy.ts';
import type { KnownGood } from '../reference/known-good.ts';
import type { Verification } from '../verify-evidence.ts';
import { basisOf, fileRulesOf, judgeFor } from './file-basis.ts';
import { fileFindings, unread, wideExclusions } from './file-findings.ts';
import { FileTally } from './file-tally.ts';
import type { FilesState } from './files-state.ts';
import type { ReadPart } from './measured-files.ts';

export type FilesInput = {
  policy: Policy;
  knownGood: KnownGood;
  verification: Verification;
  now: Date;
};

/** `state`: to be stored, and given as `previous` next time; undefined: nothing was judged. */
export type FilesJudgement = { findings: Finding[]; state: FilesState | undefined };

type Start = Pick<ImaState, 'offset' | 'entries' | 'pcrs'>;

/**
 * Whether the parts of the list that earlier rounds read are needed once more: the allow lists or the policy are others, or what was judged is
 * not what this part follows on.
 * @param previous of this host in this pool
 */
export function wantsEarlierFiles(previous: FilesState | undefined, input: FilesInput): boolean {
  const { policy, knownGood, now } = input;
  const list = listOf(input.verification);
  if (!fileRulesOf(policy) || !list || list.start.offset === 0) return false;
  return !goesOnFrom(previous, list.start, basisOf(policy, knownGood, now));
}

/**
 * Judges those parts alone, and stops before each and within: a list may have a gibibyte, and nothing else runs meanwhile.
 * @param earlier one behind the other, from byte 0 to where this round's part begins
 * @returns what is to be given to `judgeFiles` as `previous`; undefined where these are not the parts that are needed
 */
export function* judgeEarlier(
  { policy, knownGood, verification, now }: FilesInput,
  earlier: readonly ImaPart[],
): Generator<void, FilesState | undefined> {
  const list = listOf(verification);
  if (!fileRulesOf(policy) || !list) return undefined;
  const basis = basisOf(policy, knownGood, now);
  const tally = new FileTally(undefined);
  for (const part of earlier) {
    if (part.offset !== tally.offset) return undefined;
    yield;
    yield* tally.taking(part, judgeFor(basis, policy, knownGood, now));
  }
  const { offset, entries, pcrs } = list.start;
  return tally.offset === offset && tally.entries === entries
    ? tally.state(basis, { offset, entries, pcrs })
    : undefined;
}

/** Looks at the signatures of this round's part, with stops: `judgeFiles` has no stop, and goes by what is remembered of them. */
export function* lookAtSignatures({ policy, knownGood, verification, now }: FilesInput): Generator<void> {
  const list = listOf(verification);
  if (!fileRulesOf(policy)?.signed_by?.length || !list?.read) return;
  const judge = judgeFor(basisOf(policy, knownGood, now), policy, knownGood, now);
  yield* new FileTally(undefined).taking(list.read, judge);
}

/** @param previous what the last judgement of this host in this pool left, or `judgeEarlier` where `wantsEarlierFiles` asks for it */
export function judgeFiles(input: FilesInput, previous: FilesState | undefined): FilesJudgement {
  const { policy, knownGood, verification, now } = input;
  const rules = fileRulesOf(policy);
  if (!rules) return { findings: [], state: undefined };
  const wide = wideExclusions(rules.exclude ?? []);
  const list = listOf(verification);
  // Nothing was measured, or it is not known what: then a finding says so.
  if (!list) return { findings: wide, state: undefined };
  const { start, read, end } = list;
  const basis = basisOf(policy, knownGood, now);
  const before = goesOnFrom(previous, start, basis) ? previous : undefined;
  if (start.offset > 0 && !before) return { findings: [unread(start.offset), ...wide], state: undefined };
  const tally = new FileTally(before);
  if (read) tally.take(read, judgeFor(basis, policy, knownGood, now));
  const state = tally.state(basis, { offset: tally.offset, entries: tally.entries, pcrs: end.pcrs });
  return { findings: [...fileFindings(state), ...wide], state };
}

type List = { read: ReadPart | undefined; start: Start; end: Start };

/** This round's part of the list, where it begins and where it ends; where nothing new came, both are the end of what is known. */
function listOf(verification: Verification): List | undefined {
  if (!verification.authentic || !verification.state.ima) return undefined;
  const { list: end } = verification.state.ima;
  const read = verification.imaPart;
  return { read, start: read ?? end, end };
}

/** The same bytes led there: PCR 10 says so, in every bank. */
function goesOnFrom(previous: FilesState | undefined, start: Start, basis: string): previous is FilesState {
  if (!previous || previous.basis !== basis) return false;
  const { offset, entries, pcrs } = previous.list;
  const banks = Object.entries(start.pcrs);
  const same = banks.length > 0 && banks.every(([bank, value]) => pcrs[bank as keyof typeof pcrs] === value);
  return offset === start.offset && entries === start.entries && same;
}
