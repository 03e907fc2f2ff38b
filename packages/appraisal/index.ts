import { AssayError } from '@assay/core';
import type { Verdict } from '@assay/protocol';
import type { Endorsement } from './endorsement/endorsement.ts';
import type { Policy } from './policy/policy.ts';

export { type Appraisal, type AppraisalInput, appraise } from './appraise.ts';
export type { Endorsement } from './endorsement/endorsement.ts';
export { bootPcrs, type Policy } from './policy/policy.ts';
export type { TpmState } from './quote/continuity.ts';
export type { Measured } from './reference/learn.ts';

/** CA certificates by what an endorsement under them is worth. */
export type TrustStore = { readonly hardware: readonly unknown[]; readonly software: readonly unknown[] };
/** A file of one or more certificates in PEM. */
export type PemFile = { file: string; text: string };
/** @throws AssayError `trust-store-pem` naming the file */
export function trustStoreFrom(hardware: readonly PemFile[], software: readonly PemFile[]): TrustStore {
  throw new AssayError('appraisal-not-yet', 'trustStoreFrom', 'an implementation', [hardware, software]);
}
/**
 * @param certificate DER of the EK certificate, padding stripped
 * @param ekPublic TPMT_PUBLIC
 * @throws AssayError `ek-…`, the rule that failed
 */
export async function checkEndorsement(
  certificate: Uint8Array,
  ekPublic: Uint8Array,
  store: TrustStore,
  at: Date,
): Promise<Endorsement> {
  throw new AssayError('appraisal-not-yet', 'checkEndorsement', 'an implementation', [
    certificate,
    ekPublic,
    store,
    at,
  ]);
}
/** An AK fit to vouch: `name` is what credential activation must be made for. @throws AssayError `ak-…` */
export function checkAk(akPublic: Uint8Array): { name: Uint8Array; publicArea: Uint8Array } {
  throw new AssayError('appraisal-not-yet', 'checkAk', 'an implementation', akPublic);
}
/**
 * The verdict on a host of which nothing is known now: not enrolled, no answer, TPM failure. Always `unknown`.
 * @param why `code` is the finding's (`no-answer`), `message` one line
 */
export function unknownVerdict(input: {
  host: string;
  why: { code: string; message: string };
  policy: Pick<Policy, 'verdictLifetimeS'>;
  endorsement: Endorsement | undefined;
  now: Date;
}): Verdict {
  throw new AssayError('appraisal-not-yet', 'unknownVerdict', 'an implementation', input);
}
