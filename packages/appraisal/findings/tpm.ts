// Findings on the TPM itself: whether it is one to rely on, and the same that went on.
import type { FindingKind } from './kind.ts';

const enrolAgain = 'If the TPM was cleared or exchanged on purpose, enrol the host again: remove it, then register it.';

export const tpmFindings = {
  'software-tpm': {
    weight: 'untrusted',
    meaning:
      'A software TPM vouches for this host, and the policy does not accept one: who has root where it runs makes it sign anything.',
    remedy: 'Use hosts with a hardware TPM; only in a lab, say tpm: {software: true} in the policy.',
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
  'tpm-reset-unexplained': {
    weight: 'untrusted',
    meaning:
      'The TPM was reset, and the host says that it did not boot since: its PCRs began anew and may hold what was extended by hand.',
    remedy: 'Look at the host as at one that was broken into. A boot of the host ends it.',
  },
  'tpm-restart-unexplained': {
    weight: 'untrusted',
    meaning: 'The TPM was restarted, as after sleep, and the host says that it did not boot since.',
    remedy: 'Keep the host from sleeping, or allow this where hosts may. Else as with tpm-reset-unexplained.',
    allowable:
      'a host that slept (suspend to memory) looks so; its PCRs were kept, but a TPM made to start anew in its sleep looks alike (CVE-2018-6622)',
  },
  'tpm-firmware-changed': {
    weight: 'untrusted',
    meaning: 'The TPM’s firmware is another than at enrolment.',
    remedy: 'If you updated it, enrol the host again to have it forgotten. Else find out who did.',
    allowable: 'makers of TPMs publish corrected firmware, and its update is no fault',
    allowedByDefault: true,
  },
  'tpm-clock-unsafe': {
    weight: 'unknown',
    meaning: 'The TPM lost power without notice and has not saved its clock since: the clock may show a time twice.',
    remedy: 'Nothing: it passes by itself, within 70 minutes at most. Nonces, not clocks, keep evidence fresh.',
    allowable: 'every host has it after a power cut, for a while',
    allowedByDefault: true,
  },
} as const satisfies Record<string, FindingKind>;
