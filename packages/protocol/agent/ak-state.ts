// `ak.json` in the agent's state folder: which attestation key this host enrolled. Written by the agent, read by
// compute-host, which accepts a ticket only for the key of its own host. Nothing in it is secret.
import { type Static, Type } from 'typebox';
import { AkName, Base64 } from '../bytes.ts';

export const akStateFile = 'ak.json';

export const AkState = Type.Object({
  version: Type.Literal(1),
  /** As the attestation server confirmed it. */
  ak_name: AkName,
  /** TPMT_PUBLIC: says whether the key the TPM makes again is still this one. */
  ak_public: Base64(2048),
});
export type AkState = Static<typeof AkState>;
