// Part 3, chapters 11 and 23: sessions and what is proved in them.
import { list, sized, u32 } from '@assay/core';
import { HashAlg } from '../structures/algorithms.ts';
import { Digest } from '../structures/attest.ts';
import { SessionType, SymDef } from '../structures/session.ts';
import { command } from './command.ts';
import { Ticket } from './keys.ts';

export const StartAuthSession = command({
  name: 'TPM2_StartAuthSession',
  code: 0x176,
  handles: { tpmKey: u32, bind: u32 },
  parameters: {
    nonceCaller: sized(64),
    encryptedSalt: sized(512),
    sessionType: SessionType,
    symmetric: SymDef,
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

/** Two to eight policies, of which the session's own must be one (TPML_DIGEST). */
export const PolicyOr = command({
  name: 'TPM2_PolicyOR',
  code: 0x171,
  handles: { policySession: u32 },
  parameters: { hashList: list(Digest, 8) },
});
