// Findings on a host's asset tags. They count in pools whose policy asks for tags; elsewhere they are shown, and nothing rests on them. What is
// not certified is told of no host, whatever the policy.
import type { FindingKind } from './kind.ts';

const again =
  'Find out who did it: only who has root on the host and the password of the TPM’s owner can. Then write them again: assay host tag HOST NAME=VALUE.';

export const tagFindings = {
  'tag-missing': {
    weight: 'unknown',
    meaning:
      'The TPM certifies no record of the host’s asset tags, or the host has no tag that the policy asks for. As all findings on tags it counts where the policy asks for tags.',
    remedy:
      'assay host tag HOST says which tags it has and what keeps them from its TPM; assay host tag HOST NAME=VALUE writes them.',
    sound: true,
  },
  'tag-unproven': {
    weight: 'unknown',
    meaning:
      'What the host sent of its asset tags is not signed by its attestation key, is no certificate of an NV index, or answers another challenge.',
    remedy:
      'Use the agent that belongs to this attestation server. Else look at the host as at one that was broken into.',
  },
  'tag-altered': {
    weight: 'untrusted',
    meaning:
      'In the TPM stands another record of asset tags than was written there, or the index was made anew by somebody else.',
    remedy: again,
  },
  'tag-foreign': {
    weight: 'untrusted',
    meaning: 'In the TPM stands the record of asset tags of another host.',
    remedy: again,
  },
  'tag-stale': {
    weight: 'untrusted',
    meaning: 'In the TPM stands an older record of asset tags than it had already: somebody wrote it back.',
    remedy: again,
  },
  'tag-mismatch': {
    weight: 'untrusted',
    meaning: 'A tag that the TPM certifies has another value than the policy asks for.',
    remedy:
      'Use another host for this pool. If the machine was moved: assay host tag HOST NAME=VALUE. Or change the policy: assay policy try FILE says what that does.',
    sound: true,
  },
} as const satisfies Record<string, FindingKind>;
