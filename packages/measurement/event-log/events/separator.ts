// EV_SEPARATOR: the firmware's own measurements of this PCR end here (PFP §10.4.1): zeros or ones, or 1 for an error.
import { bad, u32le } from '@assay/core';
import { allOfData, type EventType } from '../event-type.ts';

/** `error`: the firmware could not measure what it had to. */
export type SeparatorContent = { error: boolean };

export const separator: EventType<'separator'> = {
  number: 0x0000_0004,
  name: 'EV_SEPARATOR',
  kind: 'separator',
  read(data, say) {
    const value = data.length === 4 ? u32le.read({ bytes: data, at: 0 }, '') : undefined;
    if (value === 0 || value === 0xffff_ffff) return { error: false };
    if (value === 1) return { error: true };
    throw bad('value', say('EV_SEPARATOR'), 0, '4 bytes: zeros, ones, or 1 for an error', data);
  },
  describe: ({ error }) => (error ? 'separator: the firmware met an error' : 'separator'),
  covers: allOfData,
};
