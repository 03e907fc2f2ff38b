// Types whose data is left to the platform's vendor or is a fixed text (PFP §10.4.1): flags, devices, parts that are not of the
// host. Read as text where it is text.
import { printable } from '../../uefi/primitives.ts';
import { allOfData, type EventType } from '../event-type.ts';

/** `text` undefined: bytes that only the vendor understands. */
export type VendorContent = { text: string | undefined };

const numbers: Record<string, number> = {
  EV_PREBOOT_CERT: 0x0000_0000,
  EV_UNUSED: 0x0000_0002,
  EV_PLATFORM_CONFIG_FLAGS: 0x0000_000a,
  EV_TABLE_OF_DEVICES: 0x0000_000b,
  EV_IPL_PARTITION_DATA: 0x0000_000e,
  EV_NONHOST_CODE: 0x0000_000f,
  EV_NONHOST_CONFIG: 0x0000_0010,
  EV_NONHOST_INFO: 0x0000_0011,
  /** “BOOT ATTEMPTS OMITTED”: some boot devices were tried and not measured. */
  EV_OMIT_BOOT_DEVICE_EVENTS: 0x0000_0012,
  /** “HCRTM”: what measured before the firmware's first code, from locality 4. */
  EV_EFI_HCRTM_EVENT: 0x8000_0010,
};

export const vendors = Object.entries(numbers).map(
  ([name, number]): EventType<'vendor'> => ({
    number,
    name,
    kind: 'vendor',
    read: (data) => ({ text: printable(data) }),
    describe: ({ text }) => (text === undefined ? 'data of the vendor' : `“${text}”`),
    mayCover: allOfData,
  }),
);
