// EV_ACTION, EV_EFI_ACTION: the firmware says in words what it does next (PFP §10.4.3). The words are the measurement.
import { latin1, withoutNuls } from '../../uefi/primitives.ts';
import { allOfData, type EventType } from '../event-type.ts';

/** `text` as Latin-1, without NULs at the end. */
export type ActionContent = { text: string };

const action = {
  kind: 'action',
  read: (data: Uint8Array): ActionContent => ({ text: withoutNuls(latin1(data)) }),
  describe: ({ text }: ActionContent) => `action “${text}”`,
  covers: allOfData,
} as const;

export const actions: EventType<'action'>[] = [
  { number: 0x0000_0005, name: 'EV_ACTION', ...action },
  { number: 0x8000_0007, name: 'EV_EFI_ACTION', ...action },
];
