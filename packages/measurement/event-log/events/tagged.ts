// EV_EVENT_TAG: a number, a length and data (PFP §10.4.2.1). Linux's EFI stub and systemd measure this way: their digest is of a
// file or a text, and the data is only a label for it. Windows puts tags into tags.
import { decode, sized, struct, take, u32le } from '@assay/core';
import { printable, ucs2, withoutNuls } from '../../uefi/primitives.ts';
import type { EventType, Say } from '../event-type.ts';

/** `tag`: see `linuxTags`. `label`: the data as text, where it is text. `inner`: tags within an aggregate of Windows. */
export type TaggedContent = {
  tag: number;
  data: Uint8Array;
  label: string | undefined;
  inner: readonly TaggedContent[];
};

/** Linux, drivers/firmware/efi/libstub; systemd, TPM2_PCR_MEASUREMENTS. */
export const linuxTags = {
  initrd: 0x8f3b22ec,
  loadOptions: 0x8f3b22ed,
  loaderConf: 0xf5bc582a,
  deviceTreeAddon: 0x6c46f751,
  initrdAddon: 0x49dffe0f,
  microcodeAddon: 0xdac08e1a,
  smbiosSystem: 0xd5cb7cbc,
  smbiosBoard: 0xe0d47bc8,
  smbiosStrings: 0xc0b3bd23,
} as const;

const names: Record<number, string> = {
  [linuxTags.initrd]: 'initrd, measured by Linux',
  [linuxTags.loadOptions]: 'kernel command line, measured by Linux',
  [linuxTags.loaderConf]: 'loader.conf, measured by systemd-boot',
  [linuxTags.deviceTreeAddon]: 'device tree addon, measured by systemd-stub',
  [linuxTags.initrdAddon]: 'initrd addon, measured by systemd-stub',
  [linuxTags.microcodeAddon]: 'microcode addon, measured by systemd-stub',
  [linuxTags.smbiosSystem]: 'SMBIOS system information, measured by systemd',
  [linuxTags.smbiosBoard]: 'SMBIOS board information, measured by systemd',
  [linuxTags.smbiosStrings]: 'SMBIOS OEM strings, measured by systemd',
};

/** Of Windows: the data are more tags (SIPAEVENTTYPE_AGGREGATION, with no more than a class and a number beside it). */
const isAggregate = (tag: number) => tag >>> 20 === 0x400;
/** Windows uses two; a log nested deeper is not read further (L21). */
const deepest = 8;

/** TCG_PCClientTaggedEvent */
const Tagged = struct({ tag: u32le, data: sized(0xffff_ffff, u32le) });

/** Tags of one level, up to the end of `data`. */
function readTags(data: Uint8Array, where: string): Mutable[] {
  const c = { bytes: data, at: 0 };
  const tags: Mutable[] = [];
  while (c.at < data.length) {
    const tag = u32le.read(c, where);
    const inside = take(c, u32le.read(c, where), where);
    tags.push({ tag, data: inside, label: labelOf(inside), inner: [] });
  }
  return tags;
}
type Mutable = TaggedContent & { inner: TaggedContent[] };

function labelOf(data: Uint8Array): string | undefined {
  if (data.length === 0) return undefined;
  const wide = data.length >= 4 && data.length % 2 === 0 && data[1] === 0 && data[3] === 0;
  if (!wide) return printable(data);
  const text = withoutNuls(ucs2(data));
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}

function read(data: Uint8Array, say: Say): TaggedContent {
  const where = say('TCG_PCClientTaggedEvent');
  const { tag, data: inside } = decode(Tagged, data, where);
  const whole: Mutable = { tag, data: inside, label: isAggregate(tag) ? undefined : labelOf(inside), inner: [] };
  // Level by level, never by recursion: how deep it goes is not ours to say.
  let level: Mutable[] = [whole];
  for (let depth = 1; depth < deepest && level.length > 0; depth++) {
    const next: Mutable[] = [];
    for (const outer of level) {
      if (!isAggregate(outer.tag)) continue;
      outer.inner = readTags(outer.data, where);
      for (const one of outer.inner) next.push(one as Mutable);
    }
    level = next;
  }
  return whole;
}

export const tagged: EventType<'tagged'> = {
  number: 0x0000_0006,
  name: 'EV_EVENT_TAG',
  kind: 'tagged',
  read,
  describe({ tag, data, label, inner }) {
    const name = names[tag] ?? `tag 0x${tag.toString(16)}`;
    if (inner.length > 0) return `${name}, ${inner.length} tags`;
    const said = label ?? `${data.length} bytes`;
    return names[tag] && (tag === linuxTags.initrd || tag === linuxTags.loadOptions) ? name : `${name} “${said}”`;
  },
};
