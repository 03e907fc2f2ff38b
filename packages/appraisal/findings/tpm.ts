// Findings on the TPM itself: whether it is one to rely on, and the same that went on.
import type { FindingKind } from './kind.ts';

const enrolAgain = 'If the TPM was cleared or exchanged on purpose, enrol the host again: remove it, then register it.';

export const tpmFindings = {
  'software-tpm': {
    weight: 'untrusted',
    meaning: 'A software TPM vouches for this host: who has root where it runs makes it sign anything.',
    remedy: 'Use hosts with a hardware TPM; only in a lab, list the software TPM’s CA in software_tpm_ca_dir.',
  },
  'tpm-counter-lower': {
    weight: 'untrusted',
    meaning:
      'The TPM counts fewer resets or restarts than before: it was cleared, exchanged, or set back to an old state.',
    remedy: enrolAgain,
  },
  'tpm-clock-backwards': {
    weight: 'untrusted',
    meaning: 'The TPM’s clock went back without a power cut that would explain it.',
    remedy: enrolAgain,
  },
} as const satisfies Record<string, FindingKind>;
