// Where is the state of the lab unless told? Beside the launcher, so that every clone has its own.
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';

export const defaultState = fileURLToPath(new URL('../../../.assay', import.meta.url));

export const withState = (command: Command): Command =>
  command.option('--state <dir>', 'folder of the cloud’s state', defaultState);
