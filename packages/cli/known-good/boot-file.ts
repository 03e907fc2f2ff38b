// What will a boot measure of this file, and under which name? Told by content: firmware takes the Authenticode digest of what it starts, GRUB and
// Linux the digest of what they read.
import { authenticodeDigest, looksLikePe, type PeImage, readPe } from '@assay/measurement';
import type { ReferenceMeasurement } from '@assay/protocol';
import { type Digests, digestsOf } from './digests.ts';
import { shimKeys } from './shim-keys.ts';

export type BootFileKind = 'kernel' | 'unified kernel' | 'hypervisor' | 'EFI application' | 'initrd';

/** A component, and what it may measure of the file. */
export type BootPart = { component: string; measurements: ReferenceMeasurement[] };

/** Undefined: nothing that a boot measures by itself; a configuration, a font. @throws AssayError `pe` for a broken PE image */
export function bootFileKind(bytes: Uint8Array, name: string): BootFileKind | undefined {
  if (isHypervisor(bytes, name)) return 'hypervisor';
  if (looksLikePe(bytes)) {
    const image = readPe(bytes, name);
    if (sectionOf(image, '.linux')) return 'unified kernel';
    return isLinux(bytes) ? 'kernel' : 'EFI application';
  }
  if (isLinux(bytes)) return 'kernel';
  return isArchiveOfInitrd(bytes) ? 'initrd' : undefined;
}

/** @throws AssayError `pe` */
export function bootParts(kind: BootFileKind, bytes: Uint8Array, name: string): BootPart[] {
  const file = digestsOf(bytes);
  const image = looksLikePe(bytes) ? readPe(bytes, name) : undefined;
  const started = image && authenticode(image);
  const one = (claim: string, digests: Digests | undefined, description = name) =>
    digests ? [{ claim, digests: { ...digests }, description: description.slice(0, 1000) }] : [];
  switch (kind) {
    case 'kernel':
      return [
        { component: 'hypervisor', measurements: [...one('kernel image', started), ...one('kernel file', file)] },
      ];
    case 'hypervisor':
      return [
        { component: 'hypervisor', measurements: [...one('kernel image', started), ...one('hypervisor file', file)] },
      ];
    case 'EFI application':
      return [
        {
          component: 'boot_loader',
          measurements: [...one('boot loader image', started), ...(image ? shimKeys(image, name) : [])],
        },
      ];
    case 'initrd':
      return [{ component: 'operating_system', measurements: [...one('initrd file', file), ...one('initrd', file)] }];
    case 'unified kernel':
      return image
        ? [{ component: 'hypervisor', measurements: one('kernel image', started) }, ...unified(image, name)]
        : [];
  }
}

const authenticode = (image: PeImage): Digests => ({
  sha256: authenticodeDigest(image, 'sha256').toHex(),
  sha384: authenticodeDigest(image, 'sha384').toHex(),
});

const sectionOf = (image: PeImage, name: string) => image.sections.find((section) => section.name === name)?.data;

/** What systemd-stub measures of its own sections (systemd, src/boot/uki.h), those it does not use left out. */
const stubSections = [
  ...[
    '.linux',
    '.osrel',
    '.cmdline',
    '.initrd',
    '.ucode',
    '.splash',
    '.dtb',
    '.uname',
    '.sbat',
    '.pcrpkey',
    '.profile',
  ],
  ...['.dtbauto', '.hwids', '.efifw'],
];

/** The kernel it starts, its command line and initrd, and each section by name and content. */
function unified(image: PeImage, name: string): BootPart[] {
  const hypervisor: ReferenceMeasurement[] = [];
  const system: ReferenceMeasurement[] = [];
  const add = (to: ReferenceMeasurement[], claim: string, digests: Digests, description: string) =>
    to.push({ claim, digests: { ...digests }, description: `${description} of ${name}`.slice(0, 1000) });
  for (const section of stubSections) {
    const data = sectionOf(image, section);
    if (!data) continue;
    add(hypervisor, 'name of a part of a unified kernel image', digestsOf(Buffer.from(`${section}\0`)), section);
    if (section === '.initrd') add(system, 'initrd', digestsOf(data), section);
    else
      add(
        hypervisor,
        section === '.linux' ? 'kernel image' : 'part of a unified kernel image',
        digestsOf(data),
        section,
      );
    if (section === '.linux' && looksLikePe(data))
      add(hypervisor, 'kernel image', authenticode(readPe(data, `${name}: .linux`)), 'kernel');
    if (section === '.cmdline') {
      // As the stub hands it to the kernel: UTF-16, with a NUL, without what stands at its end.
      const words = withoutEnd(Buffer.from(data).toString('utf8'));
      add(hypervisor, 'kernel command line', digestsOf(Buffer.from(`${words}\0`, 'utf16le')), 'command line');
    }
  }
  return [
    { component: 'hypervisor', measurements: hypervisor },
    ...(system.length ? [{ component: 'operating_system', measurements: system }] : []),
  ];
}

const has = (bytes: Uint8Array, at: number, text: string) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', at, at + text.length) === text;

/** The boot protocols of x86, arm64, RISC-V and LoongArch, and a kernel that unpacks itself under EFI (zboot). */
const isLinux = (bytes: Uint8Array): boolean =>
  has(bytes, 0x202, 'HdrS') ||
  has(bytes, 56, 'ARM\x64') ||
  has(bytes, 56, 'RSC\x05') ||
  (has(bytes, 0, 'MZ') && has(bytes, 4, 'zimg')) ||
  (has(bytes, 0, 'MZ') && has(bytes, 56, '\xcd\x23\x82\x81')); // LINUX_PE_MAGIC

/** Xen says so in nothing that one could find without unpacking it. */
const isHypervisor = (bytes: Uint8Array, name: string): boolean =>
  /(^|\/)xen[^/]*\.(gz|efi)$/.test(name) && (looksLikePe(bytes) || has(bytes, 0, '\x1f\x8b'));

/** cpio, or one packed with what Linux unpacks: gzip, xz, zstd, lz4 (legacy), lzop, bzip2, lzma. */
const isArchiveOfInitrd = (bytes: Uint8Array): boolean =>
  [
    '070701',
    '070702',
    '\x1f\x8b',
    '\xfd7zXZ\0',
    '\x28\xb5\x2f\xfd',
    '\x02\x21\x4c\x18',
    '\x89LZO',
    'BZh',
    '\x5d\0\0',
  ].some((magic) => has(bytes, 0, magic));

/** Without blanks and NULs behind it. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && /[\0\s]/.test(text[end - 1] ?? '')) end -= 1;
  return text.slice(0, end);
}
