// What is a filter? It says of each candidate host whether it may run an instance, and if not, why.
import type { TagDemands } from '@assay/protocol';
import type { HostDecision, WantedTrust } from '../../storage/index.ts';

/** A host as the scheduler sees it at one moment; memory in MB. */
export type HostState = {
  host: string;
  hypervisorHostname: string;
  zone: string;
  memoryMb: number;
  memoryMbUsed: number;
  /** Last sign of life, and whether its connection to us stands now. */
  lastSeenAt: Date;
  connected: boolean;
  disabledReason: string | undefined;
};

/** What is to be placed. Trust was frozen when the subscriber asked. */
export type Placement = {
  memoryMb: number;
  trust: WantedTrust | null;
  /** Whose policy has to find the host so; null: the default pool's. */
  pool: string | null;
  /** Asset tags its TPM has to certify; null: none. */
  tags: TagDemands | null;
  wantedZone: string | null;
  wantedHost: string | null;
};

export type Result = { passes: true } | { passes: false; reason: string };
export const passes: Result = { passes: true };
export const refuses = (reason: string): Result => ({ passes: false, reason });

/**
 * Judges one host; called after the filter has seen all candidates of a decision, so that whoever must ask somebody asks
 * once. Throws only for bugs: what cannot be found out is a refusal with its reason.
 */
export type Judge = (host: HostState) => Result;
export type Filter = (wanted: Placement, candidates: readonly HostState[]) => Judge | Promise<Judge>;

export type { HostDecision };
