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
