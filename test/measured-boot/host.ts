// A compute host that boots measured: what firmware finds on its disk, what it was told, and the agent it runs.
// One folder is one host; each boot of it is another machine with the same TPM.
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AssayError } from '@assay/core';
import { manufacture } from '@assay/tpm/testing';
import { type Files, makeBootDisk, makeStateDisk, readFromDisk, setAttribute } from './disks.ts';
import { signProgram } from './ima-signature.ts';
import { type Machine, startMachine } from './machine.ts';
import { withSections } from './unified-kernel.ts';

const run = promisify(execFile);

/** How firmware comes to the kernel. */
export type Chain =
  /** Firmware is handed kernel, initrd and command line by QEMU and starts the kernel itself. */
  | 'direct'
  /** Debian's shim, then its GRUB, from the disk. */
  | 'shim-grub'
  /** Another GRUB before the one that starts the kernel, signed by Debian as well. */
  | 'shim-grub-grub'
  /** systemd-boot before all: systemd-boot, shim, GRUB, kernel. Nobody signed it, so Secure Boot must be off. */
  | 'systemd-boot-shim-grub'
  /** systemd-boot and a unified kernel image with systemd's stub, neither signed. */
  | 'systemd-boot-unified';

export type Boot = {
  chain: Chain;
  secureBoot: boolean;
  /** Besides `console=ttyS0`. */
  commandLine: string;
  /** Version of another kernel among the parts. */
  kernel?: string;
  /** Put behind the initrd. */
  moreInitrd?: Uint8Array;
};

/** What image/host/build made. */
export type Parts = string;

/** @param kernels other kernel packages of Debian  @throws AssayError `measured-boot` with what is missing */
export async function buildParts(folder: string, kernels: readonly string[] = []): Promise<Parts> {
  const program = fileURLToPath(new URL('../../image/host/build', import.meta.url));
  const args = ['--out', folder, ...kernels.flatMap((name) => ['--kernel', name])];
  await run(program, args).catch((cause: Error & { stderr?: string }) => {
    throw new AssayError('measured-boot', 'image/host/build', 'to succeed', cause.stderr?.trim() || cause, { cause });
  });
  return folder;
}

export type MeasuredHost = {
  boot(how: Boot): Promise<Machine>;
  /** A file the host left on its state disk; while it is off. */
  left(path: string): Promise<Buffer>;
  /** PEM. What IMA's list says of /state/tools/greet carries a signature by this key. */
  readonly signer: string;
};

export type HostWish = {
  folder: string;
  parts: Parts;
  /** Absolute; a TPM is manufactured there unless there is one. */
  tpmState: string;
  tpmCa: string;
  name: string;
  /** Of the attestation server on this machine, whose certificate must be for `attestation-server`. */
  server: { port: number; caFile: string };
  /** Rules of /sys/kernel/security/ima/policy. */
  imaPolicy: readonly string[];
};

export async function layHost(wish: HostWish): Promise<MeasuredHost> {
  const { folder, parts, tpmState, tpmCa, name, server } = wish;
  await mkdir(folder, { recursive: true });
  await manufacture({ stateDir: tpmState, caDir: tpmCa });
  const stateDisk = join(folder, 'state.img');
  const program = '#!/bin/sh\necho greetings\n';
  await makeStateDisk(stateDisk, {
    'etc/assay.conf': `[agent]
attestation_server = https://attestation-server:${server.port}
ca_file = /state/etc/ca.pem
host = ${name}
tpm = device:/dev/tpmrm0
state_dir = /state/agent
`,
    'etc/ca.pem': await readFile(server.caFile),
    'etc/ima-policy': wish.imaPolicy.map((rule) => `${rule}\n`).join(''),
    'tools/busy': 'a file that is read while it is written\n',
    'tools/greet': program,
  });
  const signed = signProgram(Buffer.from(program));
  await setAttribute(stateDisk, '/tools/greet', 'security.ima', signed.attribute);
  return {
    signer: signed.key,
    left: (path) => readFromDisk(stateDisk, path),
    async boot({ chain, secureBoot, commandLine, kernel, moreInitrd }) {
      const words = `console=ttyS0 quiet${commandLine && ` ${commandLine}`}`;
      const kernelFile = join(parts, kernel ? `kernel-${kernel}` : 'kernel');
      const disks = {
        root: { file: join(parts, 'root.img'), readOnly: true },
        state: { file: stateDisk, readOnly: false },
      };
      const machine = { folder, tpmState, secureBoot };
      if (chain === 'direct') {
        const direct = { kernel: kernelFile, initrd: join(parts, 'initrd'), commandLine: words };
        return await startMachine({ ...machine, direct, disks });
      }
      const initrd = Buffer.concat([await readFile(join(parts, 'initrd')), moreInitrd ?? new Uint8Array()]);
      const bootDisk = join(folder, 'boot.img');
      await makeBootDisk(bootDisk, {
        ...bootLoaders(chain, join(parts, 'efi')),
        ...(chain === 'systemd-boot-unified'
          ? { 'EFI/Linux/host.efi': await unifiedKernel(parts, await readFile(kernelFile), initrd, words) }
          : {
              kernel: { from: kernelFile },
              initrd,
              'EFI/debian/kernel.cfg': `linuxefi /kernel ${words}\ninitrdefi /initrd\nboot\n`,
            }),
      });
      return await startMachine({ ...machine, disks: { boot: { file: bootDisk, readOnly: true }, ...disks } });
    },
  };
}

async function unifiedKernel(parts: Parts, linux: Uint8Array, initrd: Uint8Array, words: string): Promise<Uint8Array> {
  return withSections(await readFile(join(parts, 'efi', 'linuxx64.efi.stub')), {
    '.osrel': Buffer.from('ID=debian\nPRETTY_NAME="Debian"\nVERSION_ID=12\n'),
    '.cmdline': Buffer.from(words),
    '.initrd': initrd,
    '.linux': linux,
  });
}

/** Files on the EFI system partition up to the one that loads the kernel. `linuxefi`: GRUB's `linux` skips the kernel's log. */
function bootLoaders(chain: Exclude<Chain, 'direct'>, efi: string): Files {
  const file = (name: string) => ({ from: join(efi, `${name}.efi`) });
  const shimGrub = {
    'EFI/BOOT/BOOTX64.EFI': file('shimx64'),
    'EFI/BOOT/grubx64.efi': file('grubx64'),
    'EFI/debian/grub.cfg': 'source /EFI/debian/kernel.cfg\n',
  };
  switch (chain) {
    case 'shim-grub':
      return shimGrub;
    case 'shim-grub-grub':
      return {
        ...shimGrub,
        'EFI/BOOT/grubx64.efi': file('more-grubx64'),
        'EFI/debian/grubx64.efi': file('grubx64'),
        'boot/grub/grub.cfg': 'chainloader /EFI/debian/grubx64.efi\nboot\n', // where that GRUB looks
      };
    case 'systemd-boot-unified':
      return { 'EFI/BOOT/BOOTX64.EFI': file('systemd-bootx64'), 'loader/loader.conf': 'timeout 0\n' };
    case 'systemd-boot-shim-grub':
      return {
        ...shimGrub,
        'EFI/BOOT/BOOTX64.EFI': file('systemd-bootx64'),
        'EFI/debian/shimx64.efi': file('shimx64'),
        'EFI/debian/grubx64.efi': file('grubx64'),
        'loader/loader.conf': 'timeout 0\ndefault debian.conf\n',
        'loader/entries/debian.conf': 'title Debian\nefi /EFI/debian/shimx64.efi\n',
      };
  }
}
