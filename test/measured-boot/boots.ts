// Which boots are recorded? One host, booted again and again: as it should be, and each time with one thing other than before.
import type { Boot } from './host.ts';

export type NamedBoot = Boot & {
  imaPolicy: readonly string[];
  /** A file is written while it is measured. */
  violation?: true;
  /** One line: what the boot shows. */
  shows: string;
};

/** Programs and libraries that run, and a program's script; nothing of the initrd but what it runs. */
const programs = ['measure func=BPRM_CHECK', 'measure func=FILE_MMAP mask=MAY_EXEC'];
/** Also each file of this owner that is read, and the policy itself. */
const everything = [...programs, 'measure func=FILE_CHECK mask=MAY_READ fowner=1000', 'measure func=POLICY_CHECK'];

const secure = { chain: 'shim-grub', secureBoot: true, commandLine: '', imaPolicy: programs } as const;
const insecure = { ...secure, secureBoot: false } as const;

/** Where a kernel other than the lab image's comes from: the next series of Debian's kernels for clouds. */
export const otherKernel = 'linux-image-6.12.117+deb12-cloud-amd64';

export const boots = {
  'secure-boot': { ...secure, shows: 'firmware, shim, GRUB and kernel, each signed for the next: as it should be' },
  'secure-boot-again': { ...secure, shows: 'nothing changed: the same measurements again' },
  'other-command-line': { ...secure, commandLine: 'init=/bin/sh', shows: 'another kernel command line' },
  'other-kernel': {
    ...secure,
    kernel: otherKernel.replace('linux-image-', ''),
    shows: 'another kernel, signed by Debian too',
  },
  'other-initrd': { ...secure, moreInitrd: new Uint8Array(512), shows: 'another initrd' },
  'extra-application': {
    ...secure,
    chain: 'shim-grub-grub',
    shows: 'another GRUB signed by Debian runs between shim and GRUB',
  },
  'no-secure-boot': {
    ...insecure,
    shows: 'Secure Boot is off, and nothing else changed',
  },
  'unsigned-application': {
    ...insecure,
    chain: 'systemd-boot-shim-grub',
    shows: 'an EFI application that nobody signed runs before shim',
  },
  'unified-kernel': {
    ...insecure,
    chain: 'systemd-boot-unified',
    shows: 'systemd-boot starts a unified kernel image, which measures its parts into PCR 11',
  },
  direct: {
    ...insecure,
    chain: 'direct',
    commandLine: 'ima_template=ima-ng',
    shows: 'firmware starts the kernel itself; IMA template ima-ng',
  },
  'ima-sha1': {
    ...insecure,
    chain: 'direct',
    commandLine: 'ima_hash=sha1 ima_template=ima',
    shows: 'IMA template ima, with SHA-1 alone',
  },
  'ima-modsig': {
    ...insecure,
    chain: 'direct',
    commandLine: 'ima_template=ima-modsig ima_policy=critical_data',
    imaPolicy: [...everything, 'measure func=MODULE_CHECK template=ima-modsig'],
    shows: 'IMA templates ima-modsig and ima-buf',
  },
  'ima-violation': {
    ...insecure,
    chain: 'direct',
    imaPolicy: everything,
    violation: true,
    shows: 'a file is written while it is measured; a program with a signature',
  },
} as const satisfies Record<string, NamedBoot>;

export type BootName = keyof typeof boots;
