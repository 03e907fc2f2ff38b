// EV_COMPACT_HASH: a digest that somebody extended through the firmware's compact interface (PFP §10.4.1), with a number or a
// text of their choice beside it.
import { u32le } from '@assay/core';
import { printable } from '../../uefi/primitives.ts';
import { type EventType, reads } from '../event-type.ts';

/** Four bytes are a number, unless they are text. */
export type CompactHashContent = { text: string | undefined; value: number | undefined };

export const compactHash: EventType<'compact-hash'> = {
  number: 0x0000_000c,
  name: 'EV_COMPACT_HASH',
  kind: 'compact-hash',
  read(data, say) {
    const text = printable(data);
    const isNumber = text === undefined && data.length === 4;
    return { text, value: isNumber ? reads(u32le, 'EV_COMPACT_HASH')(data, say) : undefined };
  },
  describe: ({ text, value }) =>
    text !== undefined
      ? `“${text}”`
      : value !== undefined
        ? `number 0x${value.toString(16)}`
        : 'a digest without a name',
};
