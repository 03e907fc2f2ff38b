// A part of the firmware or of what it loads into the processor (PFP §10.2.5, §10.4.1): EV_EFI_PLATFORM_FIRMWARE_BLOB and its
// successor, EV_POST_CODE, EV_S_CRTM_CONTENTS, EV_CPU_MICROCODE. The digest is of the code: address, length and name are
// only what the log says of it.
import { sized, struct, u8, u64le } from '@assay/core';
import { latin1, printable, withoutNuls } from '../../uefi/primitives.ts';
import { type EventType, reads, type Say } from '../event-type.ts';

/** `base` a physical address, `length` in bytes, both absent when the log has a name alone; `name` empty when it has none. */
export type FirmwareBlobContent = { name: string; base: bigint | undefined; length: bigint | undefined };

/** UEFI_PLATFORM_FIRMWARE_BLOB */
const Blob = struct({ base: u64le, length: u64le });
/** UEFI_PLATFORM_FIRMWARE_BLOB2 */
const Blob2 = struct({ name: sized(255, u8), base: u64le, length: u64le });

const readBlob = (data: Uint8Array, say: Say): FirmwareBlobContent => ({
  name: '',
  ...reads(Blob, 'UEFI_PLATFORM_FIRMWARE_BLOB')(data, say),
});

function readBlob2(data: Uint8Array, say: Say): FirmwareBlobContent {
  const { name, ...blob } = reads(Blob2, 'UEFI_PLATFORM_FIRMWARE_BLOB2')(data, say);
  return { ...blob, name: withoutNuls(latin1(name)) };
}

/** Older types hold a name (“POST CODE”, “ACPI DATA”), an address and a length, or both. */
function readAny(data: Uint8Array, say: Say): FirmwareBlobContent {
  const name = printable(data);
  if (name !== undefined || data.length === 0) return { name: name ?? '', base: undefined, length: undefined };
  return data.length === 16 ? readBlob(data, say) : readBlob2(data, say);
}

function describe({ name, base, length }: FirmwareBlobContent): string {
  const at = base === undefined ? '' : ` at 0x${base.toString(16)}, ${length} bytes`;
  return `firmware${name && ` “${name}”`}${at}`;
}

const blob = { kind: 'firmware-blob', describe } as const;

export const firmwareBlobs: EventType<'firmware-blob'>[] = [
  { number: 0x0000_0001, name: 'EV_POST_CODE', ...blob, read: readAny },
  { number: 0x0000_0007, name: 'EV_S_CRTM_CONTENTS', ...blob, read: readAny },
  { number: 0x0000_0009, name: 'EV_CPU_MICROCODE', ...blob, read: readAny },
  { number: 0x0000_0013, name: 'EV_POST_CODE2', ...blob, read: readBlob2 },
  { number: 0x8000_0008, name: 'EV_EFI_PLATFORM_FIRMWARE_BLOB', ...blob, read: readBlob },
  { number: 0x8000_000a, name: 'EV_EFI_PLATFORM_FIRMWARE_BLOB2', ...blob, read: readBlob2 },
];
