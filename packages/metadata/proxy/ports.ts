// Which guests are on this host, and which socket does each reach us by? compute-host says so, one file a guest; what a
// file says is all this process ever knows of who a guest is.
import { readdirSync, readFileSync, watch } from 'node:fs';
import { basename, join } from 'node:path';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';

// No TypeBox for four texts: with it this process, one on each host, would be half as large again.
const fields = {
  instance_id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  project_id: /^[0-9a-f-]{32,36}$/,
  address: /^[0-9a-fA-F.:]{2,45}$/,
  /** Absolute path; this process makes it. */
  socket: /^\/[^\0]{1,4095}$/,
};
/** A guest, as `<ports_dir>/<instance id>.json` has it. */
export type Guest = { readonly [name in keyof typeof fields]: string };

/** @throws AssayError `port-file-invalid` for one half written, of another shape, or under another instance's name */
export function parseGuest(text: string, file: string): Guest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AssayError('port-file-invalid', file, 'JSON', cause, { cause });
  }
  const read = (name: keyof Guest): string => {
    const field = Object.getOwnPropertyDescriptor(Object(value), name)?.value as unknown;
    if (typeof field === 'string' && fields[name].test(field)) return field;
    throw new AssayError('port-file-invalid', `${file} ${name}`, `text like ${fields[name].source}`, field);
  };
  const instance_id = read('instance_id');
  if (`${instance_id}.json` !== basename(file))
    throw new AssayError('port-file-invalid', file, 'the instance its name says', instance_id);
  return { instance_id, project_id: read('project_id'), address: read('address'), socket: read('socket') };
}

/** All guests of the folder, by instance id. A file that does not say who its guest is names none, and is told. */
export function readPorts(folder: string, fault: (error: AssayError) => void): Map<string, Guest> {
  const guests = new Map<string, Guest>();
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.json') && !one.startsWith('.'))) {
    const file = join(folder, name);
    try {
      const guest = parseGuest(readFileSync(file, 'utf8'), file);
      guests.set(guest.instance_id, guest);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue; // gone since the listing
      fault(error instanceof AssayError ? error : new AssayError('port-file-invalid', file, 'a file to read', error));
    }
  }
  return guests;
}

/**
 * Calls `changed` with all guests at once, then after every change of the folder. The kernel's hints can be lost, so the
 * folder is also read every `everyMs`.
 */
export function watchPorts(
  folder: string,
  changed: (guests: ReadonlyMap<string, Guest>) => void,
  { log, everyMs = 2000 }: { log: Log; everyMs?: number },
): { close(): void } {
  let told = '';
  const look = () => {
    const faults: string[] = [];
    let guests = new Map<string, Guest>();
    try {
      guests = readPorts(folder, (error) => faults.push(error.message));
    } catch (error) {
      faults.push(`${folder} cannot be read: ${error instanceof Error ? error.message : error}`);
    }
    const now = faults.join('\n');
    if (now !== '' && now !== told) log.error({ faults }, 'guests without metadata');
    told = now;
    changed(guests);
  };
  let due: NodeJS.Immediate | undefined;
  const soon = () => {
    due ??= setImmediate(() => {
      due = undefined;
      look();
    });
  };
  const watcher = watch(folder, soon);
  watcher.on('error', (error) => log.warn({ err: error }, 'changes of ports_dir are seen later than usual'));
  const timer = setInterval(look, everyMs);
  look();
  return {
    close() {
      watcher.close();
      clearInterval(timer);
      clearImmediate(due);
    },
  };
}
