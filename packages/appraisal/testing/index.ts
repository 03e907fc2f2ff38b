export {
  basicConstraints,
  type Ca,
  type CertificateWish,
  type Extension,
  ekExtensions,
  extendedKeyUsage,
  issueCertificate,
  issueRevocationList,
  keyUsage,
  makeCa,
  pemOf,
} from './certificates.ts';
export { judgedEarlier } from './earlier-files.ts';
export { type EvidenceWish, extended, makeEvidence, pcrValuesOf, signatureOf } from './evidence.ts';
export {
  factsOfLog,
  knownGoodOf,
  measurements,
  namedValue,
  sequence,
  testPolicy,
  valuesOf,
} from './known-good.ts';
export { rocaModulus } from './roca.ts';
export { type Scene, scene } from './scene.ts';
export { type TaggedTpm, taggedTpm } from './tags.ts';
export { eccAkPublic, eccEkPublic, rsaAkPublic, rsaEkPublic, type SoftwareTpm, softwareTpm } from './tpm.ts';
