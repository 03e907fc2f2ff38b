// EV_EFI_BOOT_SERVICES_APPLICATION and its kin: a UEFI image was loaded from a device path (PFP §10.2.3).
// The digest is the image's Authenticode hash. Path and addresses are what the log says of it, and can be forged.
import { type Codec, sized, struct, u64le } from '@assay/core';
import { devicePathText } from '../../uefi/device-path.ts';
import { length64, remaining } from '../../uefi/primitives.ts';
import { type EventType, reads } from '../event-type.ts';

/** `trailing`: bytes behind the path; shims before 15.3 left some, with a path length of 0. */
export type ImageContent = {
  location: bigint;
  length: bigint;
  linkTimeAddress: bigint;
  devicePath: Uint8Array;
  trailing: Uint8Array;
};

/** UEFI_IMAGE_LOAD_EVENT, and whatever comes behind it. */
const ImageLoad: Codec<ImageContent> = struct({
  location: u64le,
  length: u64le,
  linkTimeAddress: u64le,
  devicePath: sized(0xffff, length64),
  trailing: remaining,
});

const image = {
  kind: 'image',
  read: reads(ImageLoad, 'UEFI_IMAGE_LOAD_EVENT'),
  describe: ({ devicePath, length }: ImageContent) =>
    `image ${devicePath.length ? devicePathText(devicePath) : 'without a path'}, ${length} bytes`,
} as const;

export const images: EventType<'image'>[] = [
  { number: 0x8000_0003, name: 'EV_EFI_BOOT_SERVICES_APPLICATION', ...image },
  { number: 0x8000_0004, name: 'EV_EFI_BOOT_SERVICES_DRIVER', ...image },
  { number: 0x8000_0005, name: 'EV_EFI_RUNTIME_SERVICES_DRIVER', ...image },
];
