// Findings on whether it was this host's TPM that signed, now, over what it was asked for.
// None may be allowed: without any one of them nothing else in the evidence is proven.
import type { FindingKind } from './kind.ts';

const forged =
  'Look at the host as at one that was broken into. If it is honest, its agent or TPM is at fault: see its log.';
const enrolAgain = 'Enrol the host again: assay host remove NAME, then assay host register NAME.';

export const authenticityFindings = {
  'message-base64': {
    weight: 'untrusted',
    meaning: 'A part of the evidence is not base64 as the agent writes it.',
    remedy: 'Use the agent that belongs to this attestation server.',
  },
  'evidence-unreadable': {
    weight: 'untrusted',
    meaning: 'A part of the evidence, or of what is stored of this host’s key, cannot be read.',
    remedy: `The message says which. ${enrolAgain}`,
  },
  'quote-malformed': {
    weight: 'untrusted',
    meaning: 'The quote or its signature is not a structure of TPM 2.0, or has bytes too many or too few.',
    remedy: forged,
  },
  'quote-scheme': {
    weight: 'untrusted',
    meaning: 'The quote is signed with another scheme or hash than the host’s attestation key has.',
    remedy: forged,
  },
  'quote-signature': {
    weight: 'untrusted',
    meaning: 'The quote is not signed by the attestation key this host enrolled.',
    remedy: `The TPM was exchanged or cleared, or somebody else answers for the host. After a repair: ${enrolAgain}`,
  },
  'quote-signer': {
    weight: 'untrusted',
    meaning: 'The key that signed is not where the agent makes it: directly under the TPM’s endorsement hierarchy.',
    remedy: `Use the agent that belongs to this attestation server. ${enrolAgain}`,
  },
  'quote-magic': {
    weight: 'untrusted',
    meaning: 'What was signed does not come from inside the TPM.',
    remedy: forged,
  },
  'quote-type': {
    weight: 'untrusted',
    meaning: 'What the TPM signed is no quote, but another kind of statement.',
    remedy: forged,
  },
  'quote-nonce': {
    weight: 'untrusted',
    meaning: 'The quote answers another challenge: an old one, or one to another host.',
    remedy: forged,
  },
  'quote-selection': {
    weight: 'untrusted',
    meaning: 'The quote covers other PCRs than were asked for.',
    remedy:
      'Does the TPM have the bank (tpm2_pcrread)? Enable SHA-256 in the firmware’s TPM settings. Else: a forged answer.',
  },
  'ak-attributes': {
    weight: 'untrusted',
    meaning: 'The attestation key may sign what did not come from the TPM, or may leave it.',
    remedy: enrolAgain,
  },
  'ak-scheme': {
    weight: 'untrusted',
    meaning: 'The attestation key does not sign with RSASSA, RSAPSS or ECDSA over SHA-256 or better.',
    remedy: enrolAgain,
  },
  'ak-key': { weight: 'untrusted', meaning: 'The attestation key is too weak.', remedy: enrolAgain },
  'tpm-key': { weight: 'untrusted', meaning: 'The attestation key is no valid public key.', remedy: enrolAgain },
  'pcr-values': {
    weight: 'untrusted',
    meaning: 'PCR values sent beside the quote do not fit their bank, or one PCR has two.',
    remedy: 'Use the agent that belongs to this attestation server. Else: a forged answer.',
  },
  'pcr-digest-mismatch': {
    weight: 'untrusted',
    meaning: 'The PCR values the host sent, or those its boot log leads to, are not what its TPM signed.',
    remedy: forged,
  },
} as const satisfies Record<string, FindingKind>;
