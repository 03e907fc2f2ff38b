// What a TPM says it has (TPMS_CAPABILITY_DATA): handles in use, PCR banks, properties.
import { choice, list, type Of, struct, tagged, u16, u32 } from '@assay/core';
import { PcrBitmap, PcrSelection } from './pcr-selection.ts';

/** TPM_CAP (Part 2, §6.12). */
export const CapabilityName = choice(u32, {
  algorithms: 0,
  handles: 1,
  commands: 2,
  ppCommands: 3,
  auditCommands: 4,
  pcrs: 5,
  properties: 6,
  pcrProperties: 7,
  curves: 8,
});
export type CapabilityName = Of<typeof CapabilityName>;

const codes = list(u32, 1024);
/** TPMS_CAPABILITY_DATA (Part 2, §10.10.2). Numbers stand as they came: a TPM may have what this library does not know. */
export const CapabilityData = tagged({ capability: CapabilityName }, 'capability', {
  algorithms: { algorithms: list(struct({ alg: u16, attributes: u32 }), 1024) },
  handles: { handles: codes },
  /** TPMA_CC: the code in the lower half, what the command does in the upper. */
  commands: { commands: codes },
  ppCommands: { commandCodes: codes },
  auditCommands: { commandCodes: codes },
  pcrs: { banks: PcrSelection },
  properties: { properties: list(struct({ property: u32, value: u32 }), 1024) },
  pcrProperties: { pcrProperties: list(struct({ property: u32, pcrs: PcrBitmap }), 64) },
  curves: { curves: list(u16, 64) },
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
