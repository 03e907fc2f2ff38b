// Part 3, chapters 9, 16, 25, 29, 30: what the TPM is and has, its clock, its random numbers, its end.
import { choice, sized, u16, u32, u64 } from '@assay/core';
import { TimeInfo } from '../structures/attest.ts';
import { CapabilityData, CapabilityName } from '../structures/capability.ts';
import { yesNo } from '../structures/primitives.ts';
import { command } from './command.ts';

export const GetCapability = command({
  name: 'TPM2_GetCapability',
  code: 0x17a,
  parameters: { capability: CapabilityName, property: u32, propertyCount: u32 },
  returns: { moreData: yesNo, capabilityData: CapabilityData },
});

export const ReadClock = command({ name: 'TPM2_ReadClock', code: 0x181, returns: { currentTime: TimeInfo } });

/** `auth`: TPM_RH_OWNER or TPM_RH_PLATFORM. Milliseconds; only forward. */
export const ClockSet = command({
  name: 'TPM2_ClockSet',
  code: 0x128,
  handles: { auth: u32 },
  authorized: 1,
  parameters: { newTime: u64 },
});

export const GetRandom = command({
  name: 'TPM2_GetRandom',
  code: 0x17b,
  parameters: { bytesRequested: u16 },
  returns: { randomBytes: sized(64) },
});

const StartupType = choice(u16, { clear: 0x0000, state: 0x0001 });

/** What firmware says to a TPM first of all; without it every other command is TPM_RC_INITIALIZE. */
export const Startup = command({ name: 'TPM2_Startup', code: 0x144, parameters: { startupType: StartupType } });

/** Says that power will go: without it the next start leaves `safe` false until the clock has caught up. */
export const Shutdown = command({
  name: 'TPM2_Shutdown',
  code: 0x145,
  parameters: { shutdownType: StartupType },
});

/** Times in seconds. `lockHandle`: TPM_RH_LOCKOUT. */
export const DictionaryAttackParameters = command({
  name: 'TPM2_DictionaryAttackParameters',
  code: 0x13a,
  handles: { lockHandle: u32 },
  authorized: 1,
  parameters: { newMaxTries: u32, newRecoveryTime: u32, lockoutRecovery: u32 },
});

export const DictionaryAttackLockReset = command({
  name: 'TPM2_DictionaryAttackLockReset',
  code: 0x139,
  handles: { lockHandle: u32 },
  authorized: 1,
});
