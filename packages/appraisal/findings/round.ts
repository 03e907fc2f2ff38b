// Findings of the appraisal itself and of the server around it: what is not known, what is not known to be good, and why there is no
// evidence. A host with one of these is not trusted; most say nothing against it.
import type { FindingKind } from './kind.ts';

const log = 'See the attestation server’s log.';

export const roundFindings = {
  'no-evidence': {
    weight: 'unknown',
    meaning: 'The host has not been attested yet.',
    remedy: 'Start assay agent on it.',
  },
  'host-unknown': {
    weight: 'unknown',
    meaning: 'No host of this name is registered.',
    remedy: 'assay host register NAME, with the name the relying party uses.',
  },
  'pool-foreign': {
    weight: 'unknown',
    meaning: 'The host is not in this pool: it has not the labels that the policy of the pool asks for.',
    remedy:
      'Ask for a pool it is in: assay host show NAME. Or give it the labels: assay host label NAME KEY=VALUE; assay policy show POOL has them.',
  },
  'pool-missing': {
    weight: 'unknown',
    meaning: 'There is no such pool: no policy names it.',
    remedy: 'See which pools there are: assay policy list. To make it: assay policy apply FILE.',
  },
  'verdict-expired': {
    weight: 'unknown',
    meaning: 'The last verdict is older than it may be.',
    remedy: 'Is assay agent running, and does it reach the attestation server?',
  },
  'no-answer': {
    weight: 'unknown',
    meaning: 'The host did not answer in time.',
    remedy: 'Look at the agent’s log; for a slow TPM raise challenge_timeout.',
  },
  'agent-failed': {
    weight: 'unknown',
    meaning: 'The agent could not do what it was asked.',
    remedy: 'The message has the agent’s own words.',
  },
  'round-interrupted': {
    weight: 'unknown',
    meaning: 'The connection, or the attestation server, ended before the host had answered.',
    remedy: 'Nothing: the next round follows when the agent is back.',
  },
  'appraisal-failed': {
    weight: 'unknown',
    meaning: 'The evidence could not be appraised: a fault of ours.',
    remedy: log,
  },
  internal: { weight: 'unknown', meaning: 'The round failed: a fault of ours.', remedy: log },
  'storage-full': {
    weight: 'unknown',
    meaning: 'The verdict could not be stored: the disk is full.',
    remedy: 'Free room on the attestation server’s disk; it goes on by itself.',
  },
  'storage-busy': {
    weight: 'unknown',
    meaning: 'The verdict could not be stored: the database was busy.',
    remedy: log,
  },
  'storage-unavailable': {
    weight: 'unknown',
    meaning: 'The verdict could not be stored: the database does not answer.',
    remedy: 'Start the database server, or mend the way to it.',
  },
  'storage-unknown': { weight: 'unknown', meaning: 'Whether the verdict was stored is not known.', remedy: log },
} as const satisfies Record<string, FindingKind>;
