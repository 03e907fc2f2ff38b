// Part 3, chapters 11 and 23: sessions and what is proved in them.
import { choice, sized, u8, u16, u32 } from '@assay/core';
import { HashAlg } from '../structures/algorithms.ts';
import { Digest } from '../structures/attest.ts';
import { command } from './command.ts';
import { Ticket } from './keys.ts';

export const StartAuthSession = command({
  name: 'TPM2_StartAuthSession',
  code: 0x176,
  handles: { tpmKey: u32, bind: u32 },
  parameters: {
    nonceCaller: sized(64),
    encryptedSalt: sized(512),
    sessionType: choice(u8, { hmac: 0x00, policy: 0x01, trial: 0x03 }),
    symmetric: choice(u16, { null: 0x0010 }), // TPMT_SYM_DEF: parameters are not encrypted
    authHash: HashAlg,
  },
  returnsHandles: { sessionHandle: u32 },
  returns: { nonceTpm: sized(64) },
});

export const PolicySecret = command({
  name: 'TPM2_PolicySecret',
  code: 0x151,
  handles: { authHandle: u32, policySession: u32 },
  authorized: 1,
  parameters: { nonceTpm: sized(64), cpHashA: Digest, policyRef: sized(64), expiration: u32 },
  returns: { timeout: sized(8), policyTicket: Ticket },
});
