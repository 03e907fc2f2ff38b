// Is this host trusted, and why (not)? Evidence, endorsement, reference values, policy and `now` in; a verdict out.
// Pure: no I/O and no clock. The verdict says what was true of the host when its TPM signed, no later.
import { AssayError } from '@assay/core';
import type { ClaimedEvidence, PcrWish, ReferenceValue, Verdict } from '@assay/protocol';
import type { Endorsement } from './endorsement/endorsement.ts';
import type { Policy } from './policy/policy.ts';
import type { TpmState } from './quote/continuity.ts';
import type { Measured } from './reference/learn.ts';

export type AppraisalInput = {
  host: string;
  evidence: ClaimedEvidence;
  /** TPMT_PUBLIC of the AK that enrolment proved. */
  ak: Uint8Array;
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
  /** To be stored and given as `previous` next time. Undefined: the quote did not verify, keep the old one. */
  tpm: TpmState | undefined;
  /** What a golden host would teach. Undefined: the evidence did not verify, so nothing may be learnt from it. */
  measured: Measured | undefined;
};

export function appraise(input: AppraisalInput): Appraisal {
  throw new AssayError('appraisal-not-yet', 'appraise', 'an implementation', input);
}
