// What a round consists of: what it needs, what was asked and what came back.
import type { KnownLogs, TrustStore } from '@assay/appraisal';
import type { Clock, Log } from '@assay/daemon';
import type { KnownImaLines } from '@assay/measurement';
import type { PcrWish, SentEvidence } from '@assay/protocol';
import type { Registry } from '../registry/registry.ts';
import type { ReadStandards } from '../standards/standards.ts';
import type { ChallengeRow, Db } from '../storage/schema.ts';

export type RoundNeeds = {
  db: Db;
  clock: Clock;
  log: Log;
  /** Seconds a verdict holds where no policy says it. */
  lifetimeS: number;
  registry: Registry;
  /** Whose word on a TPM counts now. */
  heldStore: () => TrustStore;
  standards: ReadStandards;
  knownImaLines: KnownImaLines;
  knownLogs: KnownLogs;
};

/** A challenge, when it was sent, for which PCRs it asked, and from where for IMA's list. */
export type SentChallenge = ChallengeRow & {
  sentAtMs: number;
  pcrs: readonly PcrWish[];
  imaAsked?: number | undefined;
};

/** Why there is nothing to judge. */
export type Silence = { code: string; message: string };

/** What came back for a challenge: evidence, or the reason why there is none. */
export type Answer = { evidence: SentEvidence } | Silence;
