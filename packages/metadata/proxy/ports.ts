// Which guests are on this host, and which socket does each reach us by? compute-host says so, one file a guest; what a
// file says is all this process ever knows of who a guest is.
import { readdirSync, readFileSync, statSync, watch } from 'node:fs';
import { isIP } from 'node:net';
import { basename, join } from 'node:path';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';

// No TypeBox for six texts: with it this process, one on each host, would be half as large again.
const fields = {
  instance_id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  project_id: /^[0-9a-f-]{32,36}$/,
  address: /^[0-9a-fA-F.:]{2,45}$/,
  /** Absolute path; this process makes it. */
  socket: /^\/[^\0]{1,4095}$/,
  /** Address and port inside `namespace`. */
  listen: /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:.]{2,45}(%[\w.-]{1,15})?\]):[1-9]\d{0,4}$/,
  /** As `ip netns` calls it. */
  namespace: /^[\w-][\w.-]{0,63}$/,
};
type Name = keyof typeof fields;
type Who = { readonly instance_id: string; readonly project_id: string; readonly address: string };
/** Where the guest's 169.254.169.254 is: a Unix socket, or an address in a network namespace of its own. */
type Place =
  | { readonly socket: string; readonly listen?: never; readonly namespace?: never }
  | { readonly socket?: never; readonly listen: string; readonly namespace: string };
/** A guest, as `<ports_dir>/<instance id>.json` has it. */
export type Guest = Who & Place;

/** @throws AssayError `port-file-invalid` for one half written, of another shape, or under another instance's name */
export function parseGuest(text: string, file: string): Guest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AssayError('port-file-invalid', file, 'JSON', cause, { cause });
  }
  const field = (name: Name) => Object.getOwnPropertyDescriptor(Object(value), name)?.value as unknown;
  const read = (name: Name): string => {
    const got = field(name);
    if (typeof got === 'string' && fields[name].test(got)) return got;
    throw new AssayError('port-file-invalid', `${file} ${name}`, `text like ${fields[name].source}`, got);
  };
  const instance_id = read('instance_id');
  if (`${instance_id}.json` !== basename(file))
    throw new AssayError('port-file-invalid', file, 'the instance its name says', instance_id);
  const who = { instance_id, project_id: read('project_id'), address: read('address') };
  if (isIP(who.address) === 0) throw new AssayError('port-file-invalid', `${file} address`, 'an address', who.address);
  const inNamespace = field('listen') !== undefined || field('namespace') !== undefined;
  if (inNamespace && field('socket') !== undefined)
    throw new AssayError('port-file-invalid', file, 'socket, or listen and namespace', 'both');
  return inNamespace
    ? { ...who, listen: read('listen'), namespace: read('namespace') }
    : { ...who, socket: read('socket') };
}

/**
 * Reads the folder, again and again. A file that is the same as before is not read; a folder that is the same is not listed.
 * The same Map comes as long as nothing has changed.
 */
export function portsReader(folder: string): (fault: (error: AssayError) => void) => ReadonlyMap<string, Guest> {
  type Known = { readonly stamp: string; readonly guest: Guest | AssayError };
  let known = new Map<string, Known>();
  let guests: ReadonlyMap<string, Guest> = new Map();
  let listed = '';
  return (fault) => {
    const { mtimeNs, ino } = statSync(folder, { bigint: true });
    const now = `${ino} ${mtimeNs}`;
    // What was changed a moment ago may change again within the same tick of the clock.
    const settled = Date.now() - Number(mtimeNs / 1_000_000n) > 1000;
    if (now !== listed) {
      const found = new Map<string, Known>();
      for (const name of readdirSync(folder).filter((one) => one.endsWith('.json') && !one.startsWith('.'))) {
        const file = join(folder, name);
        const stamp = stampOf(file);
        if (stamp === undefined) continue; // gone since the listing
        const before = known.get(name);
        found.set(name, before?.stamp === stamp ? before : { stamp, guest: readGuest(file) });
      }
      const same = found.size === known.size && [...found].every(([name, one]) => known.get(name) === one);
      known = found;
      listed = settled ? now : '';
      if (!same) {
        guests = new Map(
          [...found.values()].flatMap(({ guest }) => (guest instanceof AssayError ? [] : [[guest.instance_id, guest]])),
        );
      }
    }
    for (const { guest } of known.values()) if (guest instanceof AssayError) fault(guest);
    return guests;
  };
}

function stampOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found && `${found.ino} ${found.mtimeNs} ${found.ctimeNs} ${found.size}`;
}

/** A file that does not say who its guest is names none. */
function readGuest(file: string): Guest | AssayError {
  try {
    return parseGuest(readFileSync(file, 'utf8'), file);
  } catch (error) {
    return error instanceof AssayError ? error : new AssayError('port-file-invalid', file, 'a file to read', error);
  }
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
  const read = portsReader(folder);
  let told = '';
  const look = () => {
    const faults: string[] = [];
    let guests: ReadonlyMap<string, Guest> = new Map();
    try {
      guests = read((error) => faults.push(error.message));
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
