// What a TPM says it has (TPMS_CAPABILITY_DATA): handles in use, PCR banks, properties.
import { choice, list, type Of, struct, tagged, u16, u32 } from '@assay/core';
import { PcrSelection } from './pcr-selection.ts';

/** TPM_CAP (Part 2, §6.12): the capabilities Assay asks for. */
export const CapabilityName = choice(u32, { algorithms: 0, handles: 1, pcrs: 5, properties: 6 });
export type CapabilityName = Of<typeof CapabilityName>;

/** TPMS_CAPABILITY_DATA (Part 2, §10.10.2). */
export const CapabilityData = tagged({ capability: CapabilityName }, 'capability', {
  algorithms: { algorithms: list(struct({ alg: u16, attributes: u32 }), 1024) },
  handles: { handles: list(u32, 1024) },
  pcrs: { banks: PcrSelection },
  properties: { properties: list(struct({ property: u32, value: u32 }), 1024) },
});
export type CapabilityData = Of<typeof CapabilityData>;

/** TPM_PT (Part 2, §6.13): properties by number. */
export const Property = {
  familyIndicator: 0x100,
  revision: 0x102,
  manufacturer: 0x105,
  vendorString1: 0x106,
  firmwareVersion1: 0x10b,
  firmwareVersion2: 0x10c,
  nvBufferMax: 0x12c,
  permanent: 0x200,
  startupClear: 0x201,
} as const;
