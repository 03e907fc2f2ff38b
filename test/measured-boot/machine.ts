// A machine that boots measured: QEMU with OVMF as its firmware and swtpm as its TPM, seen and ordered about over its console.
// Emulated, not virtualised, so that it runs wherever QEMU does.
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { chown, copyFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { type SwtpmForQemu, startSwtpmForQemu } from './swtpm.ts';

export type MachineParts = {
  /** Sockets and NVRAM go here; everybody must be able to enter it. */
  folder: string;
  /** State of a manufactured TPM. */
  tpmState: string;
  /** With Microsoft's keys enrolled, or with none. */
  secureBoot: boolean;
  /** Firmware starts this kernel itself, by way of QEMU, instead of booting from a disk. */
  direct?: { kernel: string; initrd: string; commandLine: string };
  /** Raw images by the serial number the guest finds them under. `boot` is what firmware boots from. */
  disks: Readonly<Record<string, { file: string; readOnly: boolean }>>;
};

export type Machine = {
  readonly pid: number;
  /** All that came over the serial console so far, firmware and boot loader included. */
  console(): string;
  /** Waits until the console has had this, anywhere. @throws AssayError `measured-boot` when the machine ends without, or is silent about it too long */
  says(text: RegExp): Promise<RegExpExecArray>;
  /** What comes of this work. @throws AssayError `measured-boot` when the machine ends before */
  during<T>(work: Promise<T>): Promise<T>;
  /** Types a line; see image/host/root/etc/assay/start. Waits until it is done. */
  order(line: string): Promise<void>;
  /** Orderly, as an operator powers a host off. */
  stop(): Promise<void>;
  /** As a power cut; harmless once it has ended. */
  kill(): Promise<void>;
};

/** QEMU never runs as root, in tests too. */
const unprivileged = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
const firmwareFolder = '/usr/share/OVMF';
/** A boot takes half a minute of an idle processor. Below what scripts/test leaves a test, so that what the console said last is told. */
const patienceMs = 240_000;

export async function startMachine({ folder, tpmState, secureBoot, direct, disks }: MachineParts): Promise<Machine> {
  const nvram = join(folder, 'nvram.fd');
  await stat(nvram).catch(() => copyFirmware(`OVMF_VARS_4M${secureBoot ? '.ms' : ''}.fd`, nvram));
  const tpm = await startSwtpmForQemu(tpmState, folder, unprivileged);
  if (unprivileged) {
    const own = [nvram, ...Object.values(disks).flatMap(({ file, readOnly }) => (readOnly ? [] : [file]))];
    for (const file of own) await chown(file, unprivileged.uid, unprivileged.gid);
  }
  const drives = Object.entries(disks).flatMap(([serial, { file, readOnly }]) => [
    ...['-drive', `if=none,id=${serial},format=raw,file=${file},readonly=${readOnly ? 'on' : 'off'}`],
    ...['-device', `virtio-blk-pci,drive=${serial},serial=${serial}${serial === 'boot' ? ',bootindex=0' : ''}`],
  ]);
  const args = [
    ...['-machine', 'q35,smm=on', '-accel', 'tcg', '-cpu', 'max', '-m', '768', '-smp', '1'],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    // The same firmware with and without Secure Boot, which is a matter of the keys in its NVRAM.
    ...['-global', 'driver=cfi.pflash01,property=secure,value=on'],
    ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${firmwareFolder}/OVMF_CODE_4M.ms.fd`],
    ...['-drive', `if=pflash,format=raw,unit=1,file=${nvram}`],
    ...[
      '-chardev',
      'socket,id=tpm,path=tpm.sock',
      '-tpmdev',
      'emulator,id=tpm,chardev=tpm',
      '-device',
      'tpm-crb,tpmdev=tpm',
    ],
    ...(direct ? ['-kernel', direct.kernel, '-initrd', direct.initrd, '-append', direct.commandLine] : []),
    ...drives,
    // Without the option ROM it would come with, which has firmware wait for a network boot.
    ...['-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile='],
  ];
  // setpriv: also a killed test process takes its machine with it.
  const user = unprivileged ? [`--reuid=${unprivileged.uid}`, `--regid=${unprivileged.gid}`, '--clear-groups'] : [];
  const qemu = spawn('setpriv', [...user, '--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return running(qemu, tpm);
}

function running(qemu: ChildProcess, tpm: SwtpmForQemu): Machine {
  let heard = '';
  let complaints = '';
  let over = false;
  const changed = new EventEmitter();
  changed.setMaxListeners(0);
  qemu.stdout?.on('data', (part: Buffer) => {
    heard += part.toString('latin1');
    changed.emit('change');
  });
  qemu.stderr?.on('data', (part: Buffer) => {
    complaints += part;
  });
  qemu.stdin?.on('error', () => undefined);
  const off = new Promise<void>((done) => {
    qemu.once('error', (error) => {
      complaints += error.message;
      done();
    });
    qemu.once('close', () => done());
  }).then(async () => {
    over = true;
    changed.emit('change');
    tpm.kill(); // its state is written with each change
    await tpm.ended;
  });

  const lastWords = () => `${complaints}${heard.slice(-2000)}`;
  const ended = (expected: string) =>
    new AssayError('measured-boot', 'machine', expected, `its end: ${lastWords()}`, {
      hint: 'the packages of scripts/apt-packages must be installed: scripts/setup test',
    });
  const saysFrom = async (at: number, text: RegExp): Promise<RegExpExecArray> => {
    const late = AbortSignal.timeout(patienceMs);
    for (;;) {
      const found = text.exec(heard.slice(at));
      if (found) return found;
      if (over) throw ended(String(text));
      await once(changed, 'change', { signal: late }).catch((cause: Error) => {
        const got = `none in ${patienceMs / 1000} s: ${lastWords()}`;
        throw new AssayError('measured-boot', 'machine', String(text), got, { cause });
      });
    }
  };
  const order = async (line: string) => {
    const at = heard.length;
    qemu.stdin?.write(`${line}\n`);
    await saysFrom(at, new RegExp(`host: done: ${line}`));
  };
  return {
    pid: qemu.pid ?? 0,
    console: () => heard,
    says: (text) => saysFrom(0, text),
    during: (work) => Promise.race([work, off.then(() => Promise.reject(ended('to go on running')))]),
    order,
    async stop() {
      if (!over) qemu.stdin?.write('stop\n');
      await off;
    },
    async kill() {
      qemu.kill('SIGKILL');
      await off;
    },
  };
}

async function copyFirmware(name: string, to: string): Promise<void> {
  try {
    await copyFile(join(firmwareFolder, name), to);
  } catch (cause) {
    await rm(to, { force: true });
    throw new AssayError('measured-boot', join(firmwareFolder, name), 'OVMF', cause, {
      cause,
      hint: 'apt-get install ovmf',
    });
  }
}
