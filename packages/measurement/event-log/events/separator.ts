// EV_SEPARATOR: the firmware's own measurements of this PCR end here (PFP §10.4.1): zeros or ones, or 1 for an error.
import { AssayError } from '@assay/core';
import { allOfData, type EventType } from '../event-type.ts';

/** `error`: the firmware could not measure what it had to. */
export type SeparatorContent = { error: boolean };

export const separator: EventType<'separator'> = {
  number: 0x0000_0004,
  name: 'EV_SEPARATOR',
  kind: 'separator',
  read(data) {
    const value = Buffer.from(data).toString('hex');
    if (value === '00000000' || value === 'ffffffff') return { error: false };
    if (value === '01000000') return { error: true };
    throw new AssayError('log-separator', 'EV_SEPARATOR', '4 bytes: zeros, ones, or 1 for an error', data);
  },
  describe: ({ error }) => (error ? 'separator: the firmware met an error' : 'separator'),
  covers: allOfData,
};
