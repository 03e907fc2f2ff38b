// Can guests run on this machine's processor? /dev/kvm being there says little: a guest that has run with it says all.
import { spawn } from 'node:child_process';
import type { Log } from '@assay/daemon';
import type { QemuUser } from './qemu-user.ts';

export type Accelerator = 'kvm' | 'tcg';

/** Lets QEMU's own firmware run to its end, as QEMU's user; it says so on a debug port (SeaBIOS, port 0x402). */
export async function kvmWorks(qemu: string, user: QemuUser, timeoutMs = 10_000): Promise<boolean> {
  const [program = qemu, ...before] = [...user.prefix, qemu];
  const args = [
    ...[
      '-machine',
      'pc',
      '-accel',
      'kvm',
      '-cpu',
      'max',
      '-m',
      '32',
      '-nodefaults',
      '-no-user-config',
      '-display',
      'none',
    ],
    ...['-chardev', 'stdio,id=debug', '-device', 'isa-debugcon,iobase=0x402,chardev=debug'],
  ];
  const child = spawn(program, [...before, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  return new Promise<boolean>((done) => {
    let said = '';
    const late = setTimeout(() => end(false), timeoutMs);
    const end = (works: boolean) => {
      clearTimeout(late);
      child.kill('SIGKILL');
      child.stdout.destroy();
      done(works);
    };
    child.on('error', () => end(false));
    child.on('exit', () => end(false));
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (part: Buffer) => {
      said = (said + part.toString('latin1')).slice(-4096);
      if (/No bootable device/.test(said)) end(true);
    });
  });
}

/** The trial is made once, in the background; a first start waits for it. */
export function accelerator(
  wanted: 'auto' | Accelerator,
  trial: () => Promise<boolean>,
  log: Log,
): Promise<Accelerator> {
  if (wanted !== 'auto') return Promise.resolve(wanted);
  return trial().then((works) => {
    log.info(
      { accel: works ? 'kvm' : 'tcg' },
      works ? 'guests run with KVM' : 'KVM does not work here: guests are slow',
    );
    return works ? 'kvm' : 'tcg';
  });
}
