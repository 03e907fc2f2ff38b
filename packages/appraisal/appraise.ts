// Is this host trusted in this pool, and why (not)? Evidence that was verified, endorsement, what is known good, policy and `now` in; a verdict
// out. Pure: no I/O and no clock. The verdict says what was true of the host when its TPM signed, no later.
import type { AssayError } from '@assay/core';
import type { ImaPart } from '@assay/measurement';
import { defaultPool, type Finding, type Verdict } from '@assay/protocol';
import { componentResults, type Standards } from './component-results.ts';
import type { Endorsement } from './endorsement/endorsement.ts';
import { counting, finding, findingOf, leavesEvidenceSound, marked } from './findings/finding.ts';
import type { FilesState } from './ima/files-state.ts';
import { judgeFiles } from './ima/judge-files.ts';
import { standingEndorsement } from './policy/demands.ts';
import { checkPolicy, type Policy } from './policy/policy.ts';
import { policyFindings } from './policy/policy-findings.ts';
import { pcrsOfGoodExtras } from './reference/extras.ts';
import type { KnownGood } from './reference/known-good.ts';
import { type Measured, measuredOf } from './reference/learn.ts';
import type { ExpectedTags } from './tags/certified.ts';
import { judgeTags } from './tags/judge-tags.ts';
import { allComponents, verdictOf } from './verdict.ts';
import {
  type EvidenceState,
  type Verification,
  type VerificationInput,
  type Verified,
  verifyEvidence,
} from './verify-evidence.ts';

export type JudgementInput = {
  host: string;
  verification: Verification;
  endorsement: Endorsement;
  /** Why the endorsement does not hold any more: what `recheckEndorsement` threw. */
  withdrawn?: AssayError | undefined;
  knownGood: KnownGood;
  /** Undefined: the pool has none, and nobody is trusted in it. */
  policy: Policy | undefined;
  /** Of the files IMA measured: what the last judgement in this pool left, or `judgeEarlier` where `wantsEarlierFiles` asks for it. */
  previousFiles?: FilesState | undefined;
  /** Asset tags that have to be in the host's TPM. Undefined: it has none. */
  tags?: ExpectedTags | undefined;
  /** When the evidence was verified: give the first time again when stored evidence is appraised anew. */
  now: Date;
};

export type Judgement = {
  verdict: Verdict;
  /** What a golden host would teach, made when asked for. Undefined: the evidence did not verify, so nothing may be learnt from it. */
  readonly measured: Measured | undefined;
  /** To be stored, and given as `previousFiles` next time. Absent: no files were judged. */
  files?: FilesState;
};

/** Never throws for anything a host can send: what is wrong with its evidence became a finding. */
export function judge(input: JudgementInput): Judgement {
  const { endorsement, knownGood, withdrawn, verification, policy } = input;
  const of = { ...input, policy: policy ?? noPolicy, revision: knownGood.revision };
  const refused = policyFinding(policy) ?? (verification.authentic ? undefined : verification.findings[0]);
  if (!verification.authentic || refused || !policy) {
    const why = verification.authentic ? 'no policy says what has to be' : 'the evidence did not verify';
    const results = allComponents('unknown', `nothing is known of it: ${why}`, policy);
    const verdict = verdictOf(of, { findings: refused ? [refused] : [], components: results });
    return { verdict, measured: undefined };
  }
  const { quote, ak, events, sha256 } = verification;
  const files = judgeFiles({ policy, knownGood, verification, now: input.now }, input.previousFiles);
  const asked = [...policyFindings(policy, verification, endorsement), ...standingEndorsement(withdrawn)];
  const tags = judgeTags(policy, verification, { ekName: endorsement.ek_name, expected: input.tags });
  const demanded = [...asked, ...tags.findings, ...files.findings];
  const doubts = explained(marked([...demanded, ...verification.findings], policy.allowed), verification, {
    ...input,
    policy,
  });
  const compared = componentResults(verification, counting(doubts), { ...input, policy, fileState: files.state });
  const findings = [...doubts, ...compared.findings];
  return {
    verdict: verdictOf(of, {
      findings,
      components: compared.results,
      ...(tags.tags && { tags: tags.tags }),
      ak_name: ak.name.toHex(),
      evidence_sha256: sha256,
      reset_count: quote.clockInfo.resetCount,
      restart_count: quote.clockInfo.restartCount,
    }),
    get measured() {
      return findings.every(leavesEvidenceSound)
        ? measuredOf(events, quote.selection, wholeList(verification))
        : undefined;
    },
    ...(files.state && { files: files.state }),
  };
}

export type AppraisalInput = Omit<VerificationInput, 'endorsement'> & Omit<JudgementInput, 'verification'>;

export type Appraisal = Judgement & {
  /** To be stored and given as `previous` next time. Undefined: the quote did not verify, so it was not this host's TPM. */
  state: EvidenceState | undefined;
  /** The host has to be asked again at once: its IMA list was not read to the end or not far enough, or its boot log is missing. */
  goesOn: boolean;
};

/** Verified and judged by one policy. */
export function appraise(input: AppraisalInput): Appraisal {
  const verification = verifyEvidence(input);
  const judgement = judge({ ...input, verification });
  return {
    verdict: judgement.verdict,
    get measured() {
      return judgement.measured;
    },
    ...(judgement.files && { files: judgement.files }),
    state: verification.authentic ? verification.state : undefined,
    goesOn: asksAgain(verification.findings),
  };
}

/** Something that another round, at once, may heal. */
export const asksAgain = (findings: readonly Finding[]) =>
  findings.some(({ code }) => code === 'ima-list-unfinished' || code === 'ima-list-behind' || code === 'log-left-out');

/** A verdict of no policy is of no use to anybody: it expires as it is given. */
const noPolicy = { pool: defaultPool, verdictLifetimeS: 0, knownGood: [] };

function policyFinding(policy: Policy | undefined): Finding | undefined {
  if (!policy)
    return finding('policy-missing', 'policy', 'a policy of the pool', 'none: run `assay policy apply FILE`');
  try {
    checkPolicy(policy);
    return undefined;
  } catch (error) {
    return findingOf(error);
  }
}

/** A PCR that its boot log does not explain, of which an extra has the value as known good: it is shown, and does not count. */
function explained(
  doubts: readonly Finding[],
  { quote, pcrValues }: Verified,
  { policy, ...standards }: Standards,
): Finding[] {
  const isOpen = ({ code }: Finding) => code === 'log-replay-mismatch';
  if (!doubts.some(isOpen)) return [...doubts];
  const good = pcrsOfGoodExtras(policy, { ...standards, quoted: quote.selection, pcrValues });
  return doubts.map((one) =>
    isOpen(one) && one.pcr !== undefined && good.has(one.pcr) ? { ...one, allowed: true } : one,
  );
}

/** IMA's list as far as it is proven, where this round read it from its beginning. */
function wholeList({ imaPart, state }: Verified): ImaPart[] {
  const isWhole = imaPart?.offset === 0 && imaPart.bytes.length === state.ima?.list.offset && !state.ima.unfinished;
  return isWhole ? [imaPart] : [];
}
