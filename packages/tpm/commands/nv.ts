// Part 3, chapter 31: non-volatile storage, where vendors put EK certificates.
import { sized, u16, u32 } from '@assay/core';
import { Name } from '../structures/attest.ts';
import { NvPublicSized } from '../structures/nv.ts';
import { command } from './command.ts';

export const NvReadPublic = command({
  name: 'TPM2_NV_ReadPublic',
  code: 0x169,
  handles: { nvIndex: u32 },
  returns: { nvPublic: NvPublicSized, nvName: Name },
});

/** `size` and `offset` in bytes; `size` at most TPM_PT_NV_BUFFER_MAX. */
export const NvRead = command({
  name: 'TPM2_NV_Read',
  code: 0x14e,
  handles: { authHandle: u32, nvIndex: u32 },
  authorized: 1,
  parameters: { size: u16, offset: u16 },
  returns: { data: sized(4096) },
});

/** `authHandle`: TPM_RH_OWNER or TPM_RH_PLATFORM; `auth`: the password of the index. */
export const NvDefineSpace = command({
  name: 'TPM2_NV_DefineSpace',
  code: 0x12a,
  handles: { authHandle: u32 },
  authorized: 1,
  parameters: { auth: sized(64), publicInfo: NvPublicSized },
});

export const NvUndefineSpace = command({
  name: 'TPM2_NV_UndefineSpace',
  code: 0x122,
  handles: { authHandle: u32, nvIndex: u32 },
  authorized: 1,
});

/** `offset` in bytes; `data` at most TPM_PT_NV_BUFFER_MAX. */
export const NvWrite = command({
  name: 'TPM2_NV_Write',
  code: 0x137,
  handles: { authHandle: u32, nvIndex: u32 },
  authorized: 1,
  parameters: { data: sized(4096), offset: u16 },
});
