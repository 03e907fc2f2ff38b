// As whom does QEMU run? Never as root: a guest that breaks out of it must find itself a user who owns nothing.
import { execFileSync } from 'node:child_process';
import { AssayError } from '@assay/core';

/** `prefix` is put before a command that is to run as that user. */
export type QemuUser = { gid: number | undefined; prefix: readonly string[] };

/**
 * @param name `[compute_host] qemu_user`
 * @throws AssayError `config-value`
 */
export function qemuUser(name: string | undefined, ourUid = process.getuid?.()): QemuUser {
  const wrong = (expected: string, got: unknown, hint?: string) =>
    new AssayError('config-value', '[compute_host] qemu_user', expected, got, hint ? { hint } : {});
  if (ourUid !== 0) {
    if (name !== undefined && idOf('-u', name) !== ourUid)
      throw wrong('the user compute-host runs as, since only root can run QEMU as another', name);
    return { gid: undefined, prefix: ['setpriv', '--no-new-privs'] };
  }
  if (name === undefined)
    throw wrong('a user other than root', 'none', 'useradd --system --shell /usr/sbin/nologin assay-qemu');
  const [uid, gid] = [idOf('-u', name), idOf('-g', name)];
  if (uid === undefined || gid === undefined) throw wrong('a user of this machine', name);
  if (uid === 0 || gid === 0) throw wrong('a user other than root, in a group other than root’s', name);
  const prefix = [
    'setpriv',
    ...[
      `--reuid=${uid}`,
      `--regid=${gid}`,
      '--init-groups',
      '--no-new-privs',
      '--inh-caps=-all',
      '--bounding-set=-all',
    ],
    '--',
  ];
  return { gid, prefix };
}

function idOf(what: '-u' | '-g', name: string): number | undefined {
  try {
    return Number(execFileSync('id', [what, '--', name], { encoding: 'ascii', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return undefined;
  }
}
