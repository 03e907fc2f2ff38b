// What is a credential made of, on its way to the TPM that can open it (TPM2_MakeCredential's results)?
// To anybody but that TPM it says nothing.
import { type Of, struct } from '@assay/core';
import { Digest } from './attest.ts';
import { rest } from './primitives.ts';

/** TPMS_ID_OBJECT (Part 2, §12.4.2), what stands in a TPM2B_ID_OBJECT: an HMAC, then the encrypted secret, its length encrypted too. */
export const IdObject = struct({ integrityHmac: Digest, encIdentity: rest(66) });
export type IdObject = Of<typeof IdObject>;
