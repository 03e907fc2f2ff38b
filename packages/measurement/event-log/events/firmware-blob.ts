// EV_EFI_PLATFORM_FIRMWARE_BLOB, EV_EFI_PLATFORM_FIRMWARE_BLOB2: a part of the firmware, by where it lies (PFP §10.2.5).
// The digest is of the firmware's bytes: address, length and name are only what the log says of them.
import { sized, struct, u8, u64le } from '@assay/core';
import { type EventType, reads } from '../event-type.ts';

/** `base` a physical address, `length` in bytes; `name` empty in events of the older type. */
export type FirmwareBlobContent = { name: string; base: bigint; length: bigint };

/** UEFI_PLATFORM_FIRMWARE_BLOB */
const Blob = struct({ base: u64le, length: u64le });
/** UEFI_PLATFORM_FIRMWARE_BLOB2 */
const Blob2 = struct({ name: sized(255, u8), base: u64le, length: u64le });

const describe = ({ name, base, length }: FirmwareBlobContent) =>
  `firmware${name && ` “${name}”`} at 0x${base.toString(16)}, ${length} bytes`;

export const firmwareBlobs: EventType<'firmware-blob'>[] = [
  {
    number: 0x8000_0008,
    name: 'EV_EFI_PLATFORM_FIRMWARE_BLOB',
    kind: 'firmware-blob',
    read: (data) => ({ name: '', ...reads(Blob, 'UEFI_PLATFORM_FIRMWARE_BLOB')(data) }),
    describe,
  },
  {
    number: 0x8000_000a,
    name: 'EV_EFI_PLATFORM_FIRMWARE_BLOB2',
    kind: 'firmware-blob',
    read: (data) => {
      const { name, ...blob } = reads(Blob2, 'UEFI_PLATFORM_FIRMWARE_BLOB2')(data);
      return { ...blob, name: Buffer.from(name).toString('latin1').replace(/\0+$/, '') };
    },
    describe,
  },
];
