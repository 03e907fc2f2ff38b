// Which events are good on every machine, because the specification gives their words and their digest is the hash of them? The firmware's
// separators and its notes on handing over. Others of its notes (a debug mode, DMA protection that is off) say something of the machine.
import { isVouchedFor } from '@assay/measurement';
import type { Bank } from '@assay/protocol';
import type { QuotedEvent } from './learn.ts';

/** PC Client PFP, §10.4.4, by PCR. The retry after a failed ExitBootServices is what a healthy kernel does. */
const notes: Readonly<Record<number, readonly string[]>> = {
  4: ['Calling EFI Application from Boot Option', 'Returning from EFI Application from Boot Option'],
  5: [
    'Exit Boot Services Invocation',
    'Exit Boot Services Returned with Failure',
    'Exit Boot Services Returned with Success',
  ],
};

export function isSpecified({ event, component }: QuotedEvent, banks: readonly Bank[]): boolean {
  if (component !== 'firmware' || !isVouchedFor(event, banks)) return false;
  if (event.type === 'EV_SEPARATOR')
    return event.pcr <= 7 && event.data.length === 4 && event.data.every((one) => one === 0);
  if (event.kind !== 'action' || event.type !== 'EV_EFI_ACTION' || !event.content) return false;
  return notes[event.pcr]?.includes(event.content.text) ?? false;
}
