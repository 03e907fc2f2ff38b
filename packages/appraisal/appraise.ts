// Is this host trusted in this pool, and why (not)? Evidence that was verified, endorsement, what is known good, policy and `now` in; a verdict
// out. Pure: no I/O and no clock. The verdict says what was true of the host when its TPM signed, no later.
import type { AssayError } from '@assay/core';
import type { ImaPart } from '@assay/measurement';
import { type ComponentResult, components, defaultPool, type Finding, type Verdict } from '@assay/protocol';
import type { Endorsement } from './endorsement/endorsement.ts';
import { counting, finding, findingOf, leavesEvidenceSound, marked, weight } from './findings/finding.ts';
import type { FilesState } from './ima/files-state.ts';
import { standingEndorsement } from './policy/demands.ts';
import { checkPolicy, type Policy } from './policy/policy.ts';
import { policyFindings } from './policy/policy-findings.ts';
import { compare } from './reference/compare.ts';
import type { KnownGood } from './reference/known-good.ts';
import { type Measured, measuredOf } from './reference/learn.ts';
import { allComponents, verdictOf } from './verdict.ts';
import { type EvidenceState, type Verification, type VerificationInput, verifyEvidence } from './verify-evidence.ts';

export type JudgementInput = {
  host: string;
  verification: Verification;
  endorsement: Endorsement;
  /** Why the endorsement does not hold any more: what `recheckEndorsement` threw. */
  withdrawn?: AssayError | undefined;
  knownGood: KnownGood;
  /** Undefined: the pool has none, and nobody is trusted in it. */
  policy: Policy | undefined;
  /** Of IMA's list: what the last judgement in this pool left behind, and the parts earlier rounds read where `wantsEarlierFiles` asks for them. */
  files?: { previous?: FilesState | undefined; earlier?: readonly ImaPart[] };
  /** When the evidence was verified: give the first time again when stored evidence is appraised anew. */
  now: Date;
};

export type Judgement = {
  verdict: Verdict;
  /** What a golden host would teach, made when asked for. Undefined: the evidence did not verify, so nothing may be learnt from it. */
  readonly measured: Measured | undefined;
  /** To be stored, and given as `files.previous` next time. Absent: no files were judged. */
  files?: FilesState;
};

/** Never throws for anything a host can send: what is wrong with its evidence became a finding. */
export function judge(input: JudgementInput): Judgement {
  const { endorsement, knownGood, withdrawn, verification, policy } = input;
  const of = { ...input, policy: policy ?? noPolicy, revision: knownGood.revision };
  const refused = policyFinding(policy) ?? (verification.authentic ? undefined : verification.findings[0]);
  if (!verification.authentic || refused || !policy) {
    const results = allComponents('unknown', 'nothing is known of it: the evidence did not verify');
    const verdict = verdictOf(of, { findings: refused ? [refused] : [], components: results });
    return { verdict, measured: undefined };
  }
  const { quote, ak, events, sha256 } = verification;
  const demanded = [...policyFindings(policy, verification, endorsement), ...standingEndorsement(withdrawn)];
  const doubts = marked([...demanded, ...verification.findings], policy.allowed);
  const results = components.map((component) => resultOf(component, verification, counting(doubts), knownGood));
  const findings = [...doubts, ...results.flatMap(({ unknown }) => (unknown ? [unknown] : []))];
  return {
    verdict: verdictOf(of, {
      findings,
      components: results.map(({ result }) => result),
      ak_name: ak.name.toHex(),
      evidence_sha256: sha256,
      reset_count: quote.clockInfo.resetCount,
      restart_count: quote.clockInfo.restartCount,
    }),
    get measured() {
      return findings.every(leavesEvidenceSound) ? measuredOf(events) : undefined;
    },
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

type Verified = Extract<Verification, { authentic: true }>;

/** What is wrong with the evidence as a whole comes before what was measured: nothing follows from what is not proven. */
function resultOf(
  component: string,
  { events, unexplained, quote, state }: Verified,
  doubts: readonly Finding[],
  knownGood: KnownGood,
): { result: ComponentResult; unknown: Finding | undefined } {
  const result = (trust: ComponentResult['trust'], reason: string, unknown?: Finding, values?: string[]) => ({
    result: { component, trust, reason, ...(values && { values }) },
    unknown,
  });
  const seen = events.filter((part) => part.component === component);
  const own = doubts.find((one) => one.component === component);
  if (own) return result(weight(own), own.message);
  if (unexplained === 'all') return result('unknown', 'nothing is known of it: the boot log is not proven');
  const shaky = seen.find(({ event }) => unexplained.has(event.pcr));
  if (shaky) return result('unknown', `rests on PCR ${shaky.event.pcr}, which the boot log does not explain`);
  const compared = compare(component, seen, knownGood, quote.selection);
  if (!compared.known) return result(weight(compared.finding), compared.finding.message, compared.finding);
  const count = seen.length === 1 ? '1 measurement' : `${seen.length} measurements`;
  const good = seen.length ? `${count}, as known good` : 'none measured, as known good';
  const reason = component === 'operating_system' ? `${good}${imaText(state)}` : good;
  return result('trusted', reason, undefined, compared.values);
}

/** Files are proven to be what was measured; which of them are good nobody judges yet. */
const imaText = ({ ima }: EvidenceState) =>
  ima ? `; IMA list of ${ima.list.entries} entries proven, its files not compared` : '';
