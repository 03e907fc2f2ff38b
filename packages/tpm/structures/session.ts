// How a caller shows that it may use a handle, and what the TPM answers to that (TPMS_AUTH_COMMAND, TPMS_AUTH_RESPONSE).
import { choice, type Of, sized, struct, tagged, u8, u16, u32 } from '@assay/core';
import { HashAlg, SymMode } from './algorithms.ts';
import { bitField } from './primitives.ts';

/** TPMA_SESSION (Part 2, §8.4). */
export const SessionAttributes = bitField(u8, {
  continueSession: 0,
  auditExclusive: 1,
  auditReset: 2,
  decrypt: 5,
  encrypt: 6,
  audit: 7,
});
export type SessionAttributes = Of<typeof SessionAttributes>;

/** TPMS_AUTH_COMMAND (Part 2, §10.13.2). `session`: TPM_RS_PW or a session; `hmac`: the password itself with the former. */
export const Authorization = struct({ session: u32, nonce: sized(64), attributes: SessionAttributes, hmac: sized(64) });
export type Authorization = Of<typeof Authorization>;

/** TPMS_AUTH_RESPONSE (Part 2, §10.13.3). */
export const AuthResponse = struct({ nonce: sized(64), attributes: SessionAttributes, hmac: sized(64) });

/** TPM_SE (Part 2, §6.11). */
export const SessionType = choice(u8, { hmac: 0x00, policy: 0x01, trial: 0x03 });
export type SessionType = Of<typeof SessionType>;

const block = { keyBits: u16, mode: SymMode };
/** TPMT_SYM_DEF (Part 2, §11.1.6): how parameters in a session are encrypted. */
export const SymDef = tagged({ algorithm: choice(u16, { aes: 0x0006, xor: 0x000a, null: 0x0010 }) }, 'algorithm', {
  aes: block,
  xor: { hash: HashAlg },
  null: {},
});
export type SymDef = Of<typeof SymDef>;
