// Which attestation key (AK) did this host enrol? Kept in `ak.json`, read by the agent and, for `ak_name`, by compute-host.
// Holds nothing secret: the AK's private part never leaves the TPM.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { AkState, akStateFile, parse } from '@assay/protocol';

const nameIn = (stateDir: string) => join(stateDir, akStateFile);

/** Nothing when this host has not enrolled yet. @throws AssayError `agent-state` when the file is there but not ours */
export async function readAkState(stateDir: string): Promise<AkState | undefined> {
  const file = nameIn(stateDir);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AssayError('agent-state', file, 'a readable file', cause, { cause });
  }
  try {
    return parse(AkState, text, file);
  } catch (cause) {
    throw new AssayError('agent-state', file, 'the state this agent wrote', text, {
      cause,
      hint: 'remove the file: the agent will enrol again',
    });
  }
}

/** Replaces the state in one step: a crash leaves the old or the new one, whole. */
export async function writeAkState(stateDir: string, state: AkState): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o755 });
  const file = nameIn(stateDir);
  const next = `${file}.next`;
  const handle = await open(next, 'w', 0o644);
  try {
    await handle.writeFile(`${JSON.stringify(state, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
}
