// Which guest is behind which socket? Said to the metadata proxy, one file a guest; who a guest is stands there and nowhere else.
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstanceSpec } from '../link/index.ts';

/** @param socket absolute; the proxy makes it */
export async function writePort(portsDir: string, spec: InstanceSpec, socket: string): Promise<void> {
  const { id: instance_id, project_id, address } = spec;
  const next = join(portsDir, `.${instance_id}.next`); // the proxy passes over names with a dot
  await writeFile(next, `${JSON.stringify({ instance_id, project_id, address, socket })}\n`, { mode: 0o644 });
  await rename(next, join(portsDir, `${instance_id}.json`));
}

export const removePort = (portsDir: string, id: string): Promise<void> =>
  rm(join(portsDir, `${id}.json`), { force: true });

/** Removes those of guests that ended while nobody watched. */
export async function tidyPorts(portsDir: string, running: ReadonlySet<string>): Promise<void> {
  await mkdir(portsDir, { recursive: true, mode: 0o711 });
  for (const name of await readdir(portsDir)) {
    const [, id] = name.match(/^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json$/) ?? [];
    if (id !== undefined && !running.has(id)) await removePort(portsDir, id);
  }
}
