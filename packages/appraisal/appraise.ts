// Is this host trusted, and why (not)? Evidence, endorsement, reference values, policy and `now` in; a verdict out.
// Pure: no I/O and no clock. The verdict says what was true of the host when its TPM signed, no later.
import { createHash } from 'node:crypto';
import { parseEventLog } from '@assay/measurement';
import {
  type ClaimedEvidence,
  type Component,
  type ComponentResult,
  components,
  type Finding,
  fromBase64,
  type PcrWish,
  type ReferenceValue,
  type Verdict,
} from '@assay/protocol';
import type { Endorsement } from './endorsement/endorsement.ts';
import { findingOf, hex, leavesEvidenceSound, weight } from './findings.ts';
import { checkPolicy, type Policy } from './policy/policy.ts';
import { rules } from './policy/rules/catalogue.ts';
import { type Ak, checkAk } from './quote/ak.ts';
import { type Binding, bindLog } from './quote/binding.ts';
import { type TpmState, tpmStateOf } from './quote/continuity.ts';
import { type ClaimedQuote, type Quote, verifyQuote } from './quote/quote.ts';
import { compare } from './reference/compare.ts';
import { type Measured, measuredOf, type QuotedEvent, quotedEvents } from './reference/learn.ts';
import { allComponents, verdictOf } from './verdict.ts';

export type AppraisalInput = {
  host: string;
  evidence: ClaimedEvidence;
  /** TPMT_PUBLIC of the AK that enrolment proved, or what `checkAk` made of it. */
  ak: Uint8Array | Ak;
  /** Of the challenge, as sent. */
  nonce: Uint8Array;
  /** PCRs of the challenge, as sent. */
  wanted: readonly PcrWish[];
  endorsement: Endorsement;
  /** All that is known good. */
  reference: readonly Pick<ReferenceValue, 'component' | 'events'>[];
  policy: Policy;
  /** What the last verified quote of this AK said of the TPM; undefined after enrolment. */
  previous: TpmState | undefined;
  /** When the evidence was verified: give the first time again when stored evidence is appraised anew. */
  now: Date;
};

export type Appraisal = {
  verdict: Verdict;
  /** To be stored and given as `previous` next time. Undefined: the quote did not verify, so it was not this host's TPM. */
  tpm: TpmState | undefined;
  /** What a golden host would teach. Undefined: the evidence did not verify, so nothing may be learnt from it. */
  measured: Measured | undefined;
};

/** Never throws for anything a host can send: what is wrong with its evidence becomes a finding. */
export function appraise(input: AppraisalInput): Appraisal {
  const authentic = authenticate(input);
  if ('finding' in authentic) {
    const findings = [authentic.finding];
    const results = allComponents('unknown', 'nothing is known of it: the evidence did not verify');
    return { verdict: verdictOf(input, { findings, components: results }), tpm: undefined, measured: undefined };
  }
  const { quote, ak, sha256 } = authentic;
  const log = parseEventLog(authentic.log);
  const tpm = tpmStateOf(quote);
  const facts = { ...input, quote, log, tpm };
  const broken = rules.flatMap((rule) => rule.find(facts));
  const binding = bindLog(quote, log, input.evidence.pcr_values);
  const events = quotedEvents(log, quote);
  const doubts = [...broken, ...binding.findings];
  const results = components.map((component) => resultOf(component, events, doubts, binding, input.reference, quote));
  const findings = [...doubts, ...results.flatMap(({ unknown }) => (unknown ? [unknown] : []))];
  const setBack = broken.some(({ code }) => code === 'tpm-counter-lower' || code === 'tpm-clock-backwards');
  return {
    verdict: verdictOf(input, {
      findings,
      components: results.map(({ result }) => result),
      ak_name: hex(ak.name),
      evidence_sha256: sha256,
      reset_count: tpm.reset_count,
      restart_count: tpm.restart_count,
    }),
    tpm: setBack ? input.previous : tpm, // a TPM that was set back stays suspect until it is enrolled again
    measured: findings.every(leavesEvidenceSound) ? measuredOf(events) : undefined,
  };
}

type Authentic = { quote: Quote; ak: Ak; log: Uint8Array; sha256: string };

/** Who signed this, when, over what: all that must hold before anything in it is looked at. */
function authenticate({ evidence, ak: key, nonce, wanted, policy }: AppraisalInput): Authentic | { finding: Finding } {
  try {
    checkPolicy(policy);
    const ak = key instanceof Uint8Array ? checkAk(key) : key;
    const claimed: ClaimedQuote = {
      quote: fromBase64(evidence.quote, 'evidence.quote'),
      signature: fromBase64(evidence.signature, 'evidence.signature'),
    };
    const log = fromBase64(evidence.event_log, 'evidence.event_log');
    const quote = verifyQuote(claimed, ak, nonce, wanted);
    const sha256 = createHash('sha256').update(claimed.quote).update(claimed.signature).update(log).digest('hex');
    return { quote, ak, log, sha256 };
  } catch (error) {
    return { finding: findingOf(error) };
  }
}

/** What is wrong with the evidence as a whole comes before what was measured: nothing follows from what is not proven. */
function resultOf(
  component: Component,
  all: readonly QuotedEvent[],
  doubts: readonly Finding[],
  { unexplained }: Binding,
  reference: Measured,
  { selection }: Quote,
): { result: ComponentResult; unknown: Finding | undefined } {
  const result = (trust: ComponentResult['trust'], reason: string, unknown?: Finding) => ({
    result: { component, trust, reason },
    unknown,
  });
  const seen = all.filter((part) => part.component === component);
  const own = doubts.find((one) => one.component === component);
  if (own) return result(weight(own), own.message);
  if (unexplained === 'all') return result('unknown', 'nothing is known of it: the boot log is not proven');
  const shaky = seen.find(({ event }) => unexplained.has(event.pcr));
  if (shaky) return result('unknown', `rests on PCR ${shaky.event.pcr}, which the boot log does not explain`);
  const compared = compare(component, seen, reference, selection);
  if (!compared.known) return result(weight(compared.finding), compared.finding.message, compared.finding);
  const count = seen.length === 1 ? '1 measurement' : `${seen.length} measurements`;
  return result('trusted', seen.length ? `${count}, as known good` : 'none measured, as known good');
}
