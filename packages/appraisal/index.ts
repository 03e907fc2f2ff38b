export {
  type Appraisal,
  type AppraisalInput,
  appraise,
  asksAgain,
  type Judgement,
  type JudgementInput,
  judge,
} from './appraise.ts';
export { type Certificate, readCertificate } from './endorsement/certificate.ts';
export { checkEndorsement, type Endorsement, recheckEndorsement, refuseRoca } from './endorsement/endorsement.ts';
export { checkEkExtensions } from './endorsement/extensions.ts';
export { steadyUntil } from './endorsement/revocation-list.ts';
export {
  type CaFile,
  type RevocationFile,
  type TpmKind,
  type TrustStore,
  trustStoreFrom,
} from './endorsement/trust-store.ts';
export { type AcceptWish, acceptable } from './explain/accept.ts';
export {
  type ExplanationInput,
  explain,
  type Recorded,
  type ToldDifference,
  type ToldExplanation,
} from './explain/explain.ts';
export type { SoughtFile } from './explain/file-differences.ts';
export { type Sought, type SoughtWhole, wholeName } from './explain/sought.ts';
export { allowedByDefault, allowedFindings, type FindingCode, findingCatalogue } from './findings/catalogue.ts';
export type { FindingKind } from './findings/kind.ts';
export { imaFindingCode } from './ima/entry-findings.ts';
export type { BadFile, FileCode, FilesState } from './ima/files-state.ts';
export {
  type FilesInput,
  type FilesJudgement,
  judgeEarlier,
  judgeFiles,
  lookAtSignatures,
  wantsEarlierFiles,
} from './ima/judge-files.ts';
export { type MeasuredFile, measuredFiles, type ReadPart } from './ima/measured-files.ts';
export { imaOffset } from './ima/progress.ts';
export { KnownLogs, logDigest } from './known-logs.ts';
export { type LogReading, readLog } from './log-reading.ts';
export { bootPcrs, defaultPcrs, labDocument, type Policy, policyFrom } from './policy/policy.ts';
export { type Ak, checkAk } from './quote/ak.ts';
export type { Quote } from './quote/quote.ts';
export { componentPcrs } from './reference/coverage.ts';
export { claimOfEvent, KnownGood } from './reference/known-good.ts';
export { filesTaught, type Measured, referenceFrom } from './reference/learn.ts';
export type { CertifiedTags, ExpectedTags } from './tags/certified.ts';
export { tagsOf } from './tags/judge-tags.ts';
export { unknownVerdict, type VerdictPolicy } from './verdict.ts';
export {
  type EvidenceState,
  type Verification,
  type VerificationInput,
  verifyEvidence,
} from './verify-evidence.ts';
