// How a caller proves that it may use a handle: by password, or by a policy it has satisfied.
import { Permanent } from '../structures/handles.ts';
import type { Authorization, SessionAttributes } from '../structures/session.ts';

const nothing = new Uint8Array();
const none: SessionAttributes = {
  continueSession: false,
  auditExclusive: false,
  auditReset: false,
  decrypt: false,
  encrypt: false,
  audit: false,
};

/** TPM_RS_PW (Part 1, §19.4). Most objects have an empty password, hierarchies too until an administrator sets one. */
export const password = (value: Uint8Array = nothing): Authorization => ({
  session: Permanent.password,
  nonce: nothing,
  attributes: { ...none, continueSession: true },
  hmac: value,
});

/** A satisfied policy session, without secret of its own: no HMAC (Part 1, §19). The TPM ends it after this use. */
export const policy = (session: number): Authorization => ({
  session,
  nonce: nothing,
  attributes: none,
  hmac: nothing,
});

/** How a key is used: by a satisfied policy session, or by its password. */
export const proofFor = (key: { auth?: Uint8Array; policySession?: number }): Authorization =>
  key.policySession === undefined ? password(key.auth) : policy(key.policySession);
