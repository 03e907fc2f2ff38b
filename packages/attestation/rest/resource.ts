// What a REST resource is: a function that adds its routes, and what it is given to answer them with.
import type { HttpsServer } from '@assay/daemon/https';
import type { LearnNeeds } from '../reference/learn.ts';
import type { Registry } from '../registry/registry.ts';
import type { Switchboard } from '../rounds/switchboard.ts';
import type { TicketNeeds } from '../tickets/issue.ts';

export type RestNeeds = LearnNeeds &
  TicketNeeds & { registry: Registry; switchboard: Switchboard; lifetimeS: number; periodMs: number };
export type Resource = (server: HttpsServer, needs: RestNeeds) => void;
