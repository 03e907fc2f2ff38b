// How does one process of Assay start another? The same Node, the same code, and only what it needs of the environment.
import { fileURLToPath } from 'node:url';

/** How the `assay` command is run by this process, so that it can be run again in the same way. */
export const self: readonly [string, string] = [
  process.execPath,
  fileURLToPath(new URL('../main.ts', import.meta.url)),
];

/** What units get of the environment: nothing that could change what they do, above all no credentials. */
export function unitEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'LANG', 'TZ', 'NODE_COMPILE_CACHE', 'ASSAY_LOG_LEVEL'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
