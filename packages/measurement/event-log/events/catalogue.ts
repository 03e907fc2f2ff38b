// Every event type Assay knows, by number. One that is not here stays opaque: extended and compared like any other.
import type { EventType } from '../event-type.ts';
import { actions } from './action.ts';
import { firmwareBlobs } from './firmware-blob.ts';
import { images } from './image.ts';
import { ipl } from './ipl.ts';
import { noAction } from './no-action.ts';
import { separator } from './separator.ts';
import { tagged } from './tagged.ts';
import { variables } from './variable.ts';
import { version } from './version.ts';

/** Types with a name whose data nobody reads yet (PFP §10.4.1). */
const named: Record<string, number> = {
  EV_PREBOOT_CERT: 0x0000_0000,
  EV_POST_CODE: 0x0000_0001,
  EV_UNUSED: 0x0000_0002,
  EV_S_CRTM_CONTENTS: 0x0000_0007,
  EV_CPU_MICROCODE: 0x0000_0009,
  EV_PLATFORM_CONFIG_FLAGS: 0x0000_000a,
  EV_TABLE_OF_DEVICES: 0x0000_000b,
  EV_COMPACT_HASH: 0x0000_000c,
  EV_IPL_PARTITION_DATA: 0x0000_000e,
  EV_NONHOST_CODE: 0x0000_000f,
  EV_NONHOST_CONFIG: 0x0000_0010,
  EV_NONHOST_INFO: 0x0000_0011,
  EV_OMIT_BOOT_DEVICE_EVENTS: 0x0000_0012,
  EV_POST_CODE2: 0x0000_0013,
  EV_EFI_GPT_EVENT: 0x8000_0006,
  EV_EFI_HANDOFF_TABLES: 0x8000_0009,
  EV_EFI_HANDOFF_TABLES2: 0x8000_000b,
  EV_EFI_GPT_EVENT2: 0x8000_000d,
  EV_EFI_HCRTM_EVENT: 0x8000_0010,
  EV_EFI_SPDM_FIRMWARE_BLOB: 0x8000_00e1,
  EV_EFI_SPDM_FIRMWARE_CONFIG: 0x8000_00e2,
  EV_EFI_SPDM_DEVICE_POLICY: 0x8000_00e3,
  EV_EFI_SPDM_DEVICE_AUTHORITY: 0x8000_00e4,
};

export const eventTypes: ReadonlyMap<number, EventType> = new Map(
  [
    ...actions,
    ...firmwareBlobs,
    ...images,
    ipl,
    noAction,
    separator,
    tagged,
    ...variables,
    version,
    ...Object.entries(named).map(([name, number]): EventType<'opaque'> => ({ number, name, kind: 'opaque' })),
  ].map((type) => [type.number, type]),
);

/** The type with this number; an unknown one is named by it. */
export const eventType = (number: number): EventType =>
  eventTypes.get(number) ?? { number, name: `0x${number.toString(16)}`, kind: 'opaque' };
