// EV_EVENT_TAG: a number, a length and data (PFP §10.4.2.1). Linux's EFI stub measures initrd and command line this way:
// its digest is of those, so that the data is only a label for them.
import { sized, struct, u32le } from '@assay/core';
import { type EventType, reads } from '../event-type.ts';

/** `tag`: see `linuxTags` for those of Linux. */
export type TaggedContent = { tag: number; data: Uint8Array };

/** Linux, drivers/firmware/efi/libstub: INITRD_EVENT_TAG_ID and LOAD_OPTIONS_EVENT_TAG_ID. */
export const linuxTags = { initrd: 0x8f3b22ec, loadOptions: 0x8f3b22ed } as const;

/** TCG_PCClientTaggedEvent */
const Tagged = struct({ tag: u32le, data: sized(0xffff_ffff, u32le) });

export const tagged: EventType<'tagged'> = {
  number: 0x0000_0006,
  name: 'EV_EVENT_TAG',
  kind: 'tagged',
  read: reads(Tagged, 'TCG_PCClientTaggedEvent'),
  describe({ tag, data }) {
    if (tag === linuxTags.initrd) return 'initrd, measured by Linux';
    if (tag === linuxTags.loadOptions) return 'kernel command line, measured by Linux';
    return `tag 0x${tag.toString(16)} “${Buffer.from(data).toString('latin1').replace(/\0+$/, '')}”`;
  },
};
