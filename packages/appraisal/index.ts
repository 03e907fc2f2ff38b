export { type Appraisal, type AppraisalInput, appraise } from './appraise.ts';
export { checkEndorsement, type Endorsement } from './endorsement/endorsement.ts';
export { type PemFile, type TrustStore, trustStoreFrom } from './endorsement/trust-store.ts';
export { bootPcrs, type Policy } from './policy/policy.ts';
export { type Ak, checkAk } from './quote/ak.ts';
export type { TpmState } from './quote/continuity.ts';
export { type ClaimedQuote, type Quote, verifyQuote } from './quote/quote.ts';
export { type Measured, referenceFrom } from './reference/learn.ts';
export { unknownVerdict } from './verdict.ts';
