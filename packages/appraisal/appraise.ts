// Is this host trusted, and why (not)? Evidence, endorsement, reference values, policy and `now` in; a verdict out.
// Pure: no I/O and no clock. The verdict says what was true of the host when its TPM signed, no later.
import type { AssayError } from '@assay/core';
import {
  type Component,
  type ComponentResult,
  components,
  type Finding,
  type ReferenceValue,
  type Verdict,
} from '@assay/protocol';
import type { Endorsement } from './endorsement/endorsement.ts';
import { counting, findingOf, leavesEvidenceSound, marked, weight } from './findings/finding.ts';
import { quotedPcrs, softwareTpm, standingEndorsement } from './policy/demands.ts';
import { checkPolicy, type Policy } from './policy/policy.ts';
import { compare } from './reference/compare.ts';
import { type Measured, measuredOf } from './reference/learn.ts';
import { allComponents, verdictOf } from './verdict.ts';
import { type EvidenceState, type Verification, type VerificationInput, verifyEvidence } from './verify-evidence.ts';

export type AppraisalInput = Omit<VerificationInput, 'endorsement'> & {
  host: string;
  endorsement: Endorsement;
  /** Why the endorsement does not hold any more: what `recheckEndorsement` threw. */
  withdrawn?: AssayError | undefined;
  /** All that is known good. */
  reference: readonly Pick<ReferenceValue, 'component' | 'events'>[];
  policy: Policy;
  /** When the evidence was verified: give the first time again when stored evidence is appraised anew. */
  now: Date;
};

export type Appraisal = {
  verdict: Verdict;
  /** To be stored and given as `previous` next time. Undefined: the quote did not verify, so it was not this host's TPM. */
  state: EvidenceState | undefined;
  /** What a golden host would teach, made when asked for. Undefined: the evidence did not verify, so nothing may be learnt from it. */
  readonly measured: Measured | undefined;
  /** The host has to be asked again at once: its IMA list was not read to the end or not far enough, or its boot log is missing. */
  goesOn: boolean;
};

/** Never throws for anything a host can send: what is wrong with its evidence becomes a finding. */
export function appraise(input: AppraisalInput): Appraisal {
  const { policy, endorsement, reference, withdrawn } = input;
  const verified = policyFinding(policy) ?? verifyEvidence(input);
  if (!verified.authentic) {
    const results = allComponents('unknown', 'nothing is known of it: the evidence did not verify');
    const verdict = verdictOf(input, { findings: verified.findings, components: results });
    return { verdict, state: undefined, measured: undefined, goesOn: asksAgain(verified.findings) };
  }
  const { quote, ak, events, state, sha256 } = verified;
  const vouched = [...softwareTpm(policy, endorsement), ...standingEndorsement(withdrawn)];
  const demanded = [...quotedPcrs(policy, quote.selection), ...vouched];
  const doubts = marked([...demanded, ...verified.findings], policy.allowed);
  const results = components.map((component) => resultOf(component, verified, counting(doubts), reference));
  const findings = [...doubts, ...results.flatMap(({ unknown }) => (unknown ? [unknown] : []))];
  return {
    verdict: verdictOf(input, {
      findings,
      components: results.map(({ result }) => result),
      ak_name: ak.name.toHex(),
      evidence_sha256: sha256,
      reset_count: quote.clockInfo.resetCount,
      restart_count: quote.clockInfo.restartCount,
    }),
    state,
    get measured() {
      return findings.every(leavesEvidenceSound) ? measuredOf(events) : undefined;
    },
    goesOn: asksAgain(verified.findings),
  };
}

/** Something that another round, at once, may heal. */
const asksAgain = (findings: readonly Finding[]) =>
  findings.some(({ code }) => code === 'ima-list-unfinished' || code === 'ima-list-behind' || code === 'log-left-out');

function policyFinding(policy: Policy): Extract<Verification, { authentic: false }> | undefined {
  try {
    checkPolicy(policy);
    return undefined;
  } catch (error) {
    return { authentic: false, findings: [findingOf(error)] };
  }
}

type Verified = Extract<Verification, { authentic: true }>;

/** What is wrong with the evidence as a whole comes before what was measured: nothing follows from what is not proven. */
function resultOf(
  component: Component,
  { events, unexplained, quote, state }: Verified,
  doubts: readonly Finding[],
  reference: Measured,
): { result: ComponentResult; unknown: Finding | undefined } {
  const result = (trust: ComponentResult['trust'], reason: string, unknown?: Finding) => ({
    result: { component, trust, reason },
    unknown,
  });
  const seen = events.filter((part) => part.component === component);
  const own = doubts.find((one) => one.component === component);
  if (own) return result(weight(own), own.message);
  if (unexplained === 'all') return result('unknown', 'nothing is known of it: the boot log is not proven');
  const shaky = seen.find(({ event }) => unexplained.has(event.pcr));
  if (shaky) return result('unknown', `rests on PCR ${shaky.event.pcr}, which the boot log does not explain`);
  const compared = compare(component, seen, reference, quote.selection);
  if (!compared.known) return result(weight(compared.finding), compared.finding.message, compared.finding);
  const count = seen.length === 1 ? '1 measurement' : `${seen.length} measurements`;
  const good = seen.length ? `${count}, as known good` : 'none measured, as known good';
  return result('trusted', component === 'operating_system' ? `${good}${imaText(state)}` : good);
}

/** Files are proven to be what was measured; which of them are good nobody judges yet. */
const imaText = ({ ima }: EvidenceState) =>
  ima ? `; IMA list of ${ima.list.entries} entries proven, its files not compared` : '';
