// What a REST resource is: a function that adds its routes, and what it is given to answer them with.
import type { HttpsServer } from '@assay/daemon/https';
import type { RunTimeBrake } from '../changes/brake.ts';
import type { PolicyNeeds } from '../changes/policies.ts';
import type { Registrations } from '../registry/registrations.ts';
import type { Registry } from '../registry/registry.ts';
import type { Switchboard } from '../rounds/switchboard.ts';
import type { TicketNeeds } from '../tickets/issue.ts';

export type RestNeeds = PolicyNeeds &
  TicketNeeds & {
    registry: Registry;
    registrations: Registrations;
    switchboard: Switchboard;
    brake: Pick<RunTimeBrake, 'state' | 'release'>;
  };
export type Resource = (server: HttpsServer, needs: RestNeeds) => void;
