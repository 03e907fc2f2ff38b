// Every subcommand, in the order help shows them. A new one is a file beside this and a line here.
import type { Command } from 'commander';
import { agent } from './agent.ts';
import { attestationServer } from './attestation-server.ts';
import { brake } from './brake.ts';
import { compat } from './compat.ts';
import { computeApi } from './compute-api.ts';
import { computeHost } from './compute-host.ts';
import { down } from './down.ts';
import { evidence } from './evidence.ts';
import { help } from './help.ts';
import { host } from './host.ts';
import { importFrom } from './import.ts';
import { lab } from './lab.ts';
import { metadataApi } from './metadata-api.ts';
import { metadataProxy } from './metadata-proxy.ts';
import { policy } from './policy.ts';
import { reference } from './reference.ts';
import { scheduler } from './scheduler.ts';
import { status } from './status.ts';
import { up } from './up.ts';

export const commands: readonly ((program: Command) => void)[] = [
  up,
  down,
  status,
  host,
  evidence,
  reference,
  policy,
  brake,
  scheduler,
  compat,
  importFrom,
  lab,
  attestationServer,
  agent,
  computeApi,
  computeHost,
  metadataApi,
  metadataProxy,
  help,
];
