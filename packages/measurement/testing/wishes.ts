// Events of a boot as they would be measured: variables, GRUB's commands, files by their digest.
import { createHash } from 'node:crypto';
import type { EventWish } from './build-log.ts';

/** EFI_GUIDs as they stand in a log. */
export const logGuids = {
  global: Buffer.from('61dfe48bca93d211aa0d00e098032b8c', 'hex'),
  imageSecurity: Buffer.from('cbb219d73a3d9645a3bcdad00e67656f', 'hex'),
  shim: Buffer.from('50ab5d6046e00043abb63dd810dd8b23', 'hex'),
  x509: Buffer.from('a159c0a5e494a74a87b5ab155c2bf072', 'hex'),
  sha256: Buffer.from('2616c4c14c509240aca941f936934328', 'hex'),
};

const sha256 = (data: Uint8Array) => ({ sha256: createHash('sha256').update(data).digest() });

/** UEFI_VARIABLE_DATA. `name` as text, or as the bytes it has in the log. */
export function variableData(guid: Uint8Array, name: string | Uint8Array, value: Uint8Array): Uint8Array {
  const wide = typeof name === 'string' ? Buffer.from(name, 'utf16le') : name;
  const lengths = Buffer.alloc(16);
  lengths.writeBigUInt64LE(BigInt(wide.length / 2), 0);
  lengths.writeBigUInt64LE(BigInt(value.length), 8);
  return Buffer.concat([guid, lengths, wide, value]);
}

export const secureBoot = (value: number[]): EventWish => ({
  pcr: 7,
  type: 'EV_EFI_VARIABLE_DRIVER_CONFIG',
  data: variableData(logGuids.global, 'SecureBoot', Uint8Array.from(value)),
});

/** EFI_SIGNATURE_LIST. @param keys each EFI_SIGNATURE_DATA, all of one length */
export function signatureList(type: Uint8Array, keys: readonly Uint8Array[]): Uint8Array {
  const size = keys[0]?.length ?? 16;
  const numbers = Uint32Array.of(28 + size * keys.length, 0, size);
  return Buffer.concat([type, Buffer.from(numbers.buffer), ...keys]);
}

export const separator = (pcr: number): EventWish => ({ pcr, type: 'EV_SEPARATOR', data: new Uint8Array(4) });

export const action = (pcr: number, text: string): EventWish => ({
  pcr,
  type: 'EV_EFI_ACTION',
  data: Buffer.from(text),
});

/** GRUB's own words: it hashes what stands behind the prefix. */
export const grub = (words: string, prefix = 'grub_cmd'): EventWish => ({
  pcr: 8,
  type: 'EV_IPL',
  data: Buffer.from(`${prefix}: ${words}\0`),
  digests: sha256(Buffer.from(words)),
});

/** A file, a section, a list of keys: something that is not in the log, under a label. */
export const labelled = (pcr: number, label: string | Uint8Array, measured: string, type = 'EV_IPL'): EventWish => ({
  pcr,
  type,
  data: typeof label === 'string' ? Buffer.from(`${label}\0`) : label,
  digests: sha256(Buffer.from(measured)),
});

/** An EFI application without a path. */
export const application = (measured: string): EventWish =>
  labelled(4, new Uint8Array(32), measured, 'EV_EFI_BOOT_SERVICES_APPLICATION');
