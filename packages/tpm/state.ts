// What is this TPM, and in which state: vendor, firmware, PCR banks, lockout? What it says of itself anybody could say.
import { decode, encode, u32 } from '@assay/core';
import { capability } from './capability.ts';
import type { Runner } from './commands/runner.ts';
import { Property } from './structures/capability.ts';
import type { PcrSelection } from './structures/pcr-selection.ts';
import { bitField } from './structures/primitives.ts';

export type TpmState = {
  /** Four letters of the TCG vendor registry: `IBM`, `INTC`, `IFX`. */
  manufacturer: string;
  vendor: string;
  /** As in the attest structure: both halves of the version. */
  firmwareVersion: bigint;
  /** True while authorisation failures keep protected objects locked. */
  inLockout: boolean;
  endorsementEnabled: boolean;
  ownerEnabled: boolean;
  /** False when the TPM lost power without notice before its last start. */
  orderly: boolean;
};

const reserved = (bits: number[]) => Object.fromEntries(bits.map((bit) => [`bit${bit}`, bit]));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** TPMA_PERMANENT and TPMA_STARTUP_CLEAR (Part 2, §8.6, §8.7). Later revisions may give reserved bits a meaning. */
const PermanentBits = bitField(u32, { inLockout: 9, ...reserved([...range(0, 8), ...range(10, 31)]) });
const StartupBits = bitField(u32, { owner: 1, endorsement: 2, orderly: 31, ...reserved([0, ...range(3, 30)]) });

export async function readState(runner: Runner): Promise<TpmState> {
  const fixed = await properties(runner, Property.familyIndicator, 64);
  const varying = await properties(runner, Property.permanent, 2);
  const text = (property: number) => printable(encode(u32, fixed.get(property) ?? 0));
  const permanent = decode(PermanentBits, encode(u32, varying.get(Property.permanent) ?? 0), 'TPMA_PERMANENT');
  const startup = decode(StartupBits, encode(u32, varying.get(Property.startupClear) ?? 0), 'TPMA_STARTUP_CLEAR');
  return {
    manufacturer: text(Property.manufacturer).trim(),
    vendor: [0, 1, 2, 3]
      .map((i) => text(Property.vendorString1 + i))
      .join('')
      .trim(),
    firmwareVersion:
      (BigInt(fixed.get(Property.firmwareVersion1) ?? 0) << 32n) + BigInt(fixed.get(Property.firmwareVersion2) ?? 0),
    inLockout: permanent.inLockout,
    endorsementEnabled: startup.endorsement,
    ownerEnabled: startup.owner,
    orderly: startup.orderly,
  };
}

/** Banks that hold PCRs, each with the PCRs it holds: those that events must be extended into and quotes may cover. */
export async function pcrBanks(runner: Runner): Promise<PcrSelection> {
  return (await capability(runner, 'pcrs')).banks.filter(({ pcrs }) => pcrs.length > 0);
}

async function properties(runner: Runner, first: number, count: number): Promise<Map<number, number>> {
  const list = (await capability(runner, 'properties', first, count)).properties;
  return new Map(list.map(({ property, value }) => [property, value]));
}

const printable = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '');
