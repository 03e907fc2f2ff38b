// Findings on who vouches for the TPM: what enrolment found does not hold any more.
import type { FindingKind } from './kind.ts';

export const endorsementFindings = {
  'ek-revoked': {
    weight: 'untrusted',
    meaning: 'A revocation list in ek_crl_dir names the TPM’s EK certificate or a CA above it.',
    remedy: 'Ask the TPM’s vendor why, and take the host out of service until its TPM is exchanged.',
  },
  'ek-crl-stale': {
    weight: 'unknown',
    meaning:
      'The revocation list of the CA above this TPM is past its nextUpdate: nobody can tell what was revoked since.',
    remedy: 'Put the CA’s present list into ek_crl_dir, or take the old one out to do without.',
  },
  'ek-issuer-unknown': {
    weight: 'untrusted',
    meaning: 'The CA that vouched for this TPM at enrolment is not in the trust store any more.',
    remedy: 'If that was not meant: name its vendor in ek_vendors, or put its CA back into the folder it was in.',
  },
  'ek-issuer': {
    weight: 'untrusted',
    meaning: 'A CA between this TPM and the trust store may not vouch for it: its certificate says so.',
    remedy: 'Compare the CA certificates in the folders with what the TPM’s vendor publishes.',
  },
  'ek-certificate': {
    weight: 'untrusted',
    meaning: 'The EK certificate stored at enrolment cannot be read.',
    remedy: 'Enrol the host again: remove it, then register it.',
  },
  'ek-signature': {
    weight: 'untrusted',
    meaning: 'The EK certificate is signed with an algorithm that is too weak or unknown.',
    remedy: 'Ask the TPM’s vendor for another certificate.',
  },
} as const satisfies Record<string, FindingKind>;
