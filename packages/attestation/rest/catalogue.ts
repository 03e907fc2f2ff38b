// Every REST resource of the attestation server.
import { brake } from './brake.ts';
import { explanation } from './explanation.ts';
import { health } from './health.ts';
import { hosts } from './hosts.ts';
import { keys } from './keys.ts';
import { policies } from './policies.ts';
import { reference } from './reference.ts';
import type { Resource } from './resource.ts';
import { tags } from './tags.ts';
import { tickets } from './tickets.ts';

export const resources: readonly Resource[] = [
  health,
  keys,
  hosts,
  tags,
  explanation,
  policies,
  reference,
  brake,
  tickets,
];
