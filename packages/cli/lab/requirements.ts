// Can a lab run on this machine? Asked before anything is made, so that what is missing is one line and not half a cloud.
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AssayError } from '@assay/core';

const tools: readonly (readonly [program: string, packageName: string])[] = [
  ['swtpm', 'swtpm'],
  ['swtpm_setup', 'swtpm-tools'],
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['socat', 'socat'],
  ['setpriv', 'util-linux'],
  ['cpio', 'cpio'],
  ['busybox', 'busybox-static'],
];

/** The user QEMU runs as when the lab runs as root. */
export const qemuUser = 'assay-qemu';

/** @throws AssayError `lab-tool`, `lab-user` */
export function checkRequirements(path = process.env['PATH'] ?? ''): void {
  const missing = tools.filter(([program]) => !path.split(delimiter).some((dir) => existsSync(join(dir, program))));
  if (missing.length > 0)
    throw new AssayError('lab-tool', 'PATH', missing.map(([program]) => program).join(', '), 'none', {
      hint: `apt-get install ${missing.map(([, name]) => name).join(' ')}, or run make up, which does it`,
    });
  if (process.getuid?.() === 0 && !hasUser(qemuUser))
    throw new AssayError('lab-user', '/etc/passwd', `a user ${qemuUser}, because QEMU does not run as root`, 'none', {
      hint: `make up creates it, or: useradd --system --no-create-home --shell /usr/sbin/nologin ${qemuUser}`,
    });
}

const hasUser = (name: string) =>
  readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .some((line) => line.startsWith(`${name}:`));

/** Is the lab's folder ours to write in? @throws AssayError `lab-state` */
export function checkStateFolder(root: string): void {
  const uid = process.getuid?.();
  try {
    mkdirSync(root, { recursive: true });
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const got = (cause as NodeJS.ErrnoException).code ?? cause;
    throw new AssayError('lab-state', root, 'a folder this user can write in', got, {
      cause,
      hint: 'run as the user it belongs to, or choose another with --state DIR',
    });
  }
  const { uid: owner, mode } = statSync(root);
  if (owner !== uid)
    throw new AssayError('lab-state', root, `a folder of this user (uid ${uid})`, `one of uid ${owner}`, {
      hint: 'run as that user, or choose another with --state DIR',
    });
  if (mode & 0o002)
    throw new AssayError(
      'lab-state',
      root,
      'a folder nobody else can write in',
      `mode 0${(mode & 0o7777).toString(8)}`,
      {
        hint: 'choose another with --state DIR: others may have written what this one says',
      },
    );
}
