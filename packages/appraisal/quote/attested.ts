// Did the TPM with this AK sign this statement, now, and is it of the kind that was asked for? Signature first; nothing of the statement is
// used before it holds. Says nothing of what is in it.
import { timingSafeEqual } from 'node:crypto';
import { AssayError, decode, struct, u16, u32 } from '@assay/core';
import { Attest, type HashName, Signature, verifySignature } from '@assay/tpm/structures';
import type { Ak } from './ak.ts';

/** What a TPM signs for us (TPM_ST), and how it is called in words. */
const kinds = {
  quote: { number: 0x8018, name: 'TPM_ST_ATTEST_QUOTE', text: 'the quote' },
  nv: { number: 0x8014, name: 'TPM_ST_ATTEST_NV', text: 'the certificate of the NV index' },
} as const;
export type StatementKind = keyof typeof kinds;

/** A statement as its TPM made it: only `verifyAttested` says that one is. */
export type Attested<K extends StatementKind> = Extract<Attest, { type: K }>;

const magic = 0xff544347; // TPM_GENERATED_VALUE
const Head = struct({ magic: u32, type: u16 });

/**
 * @param claimed TPMS_ATTEST and TPMT_SIGNATURE
 * @param nonce of the challenge, as sent
 * @throws AssayError `quote-malformed`, `quote-scheme`, `quote-signature`, `quote-magic`, `quote-type`, `quote-signer`, `quote-nonce`: the first
 *   check that failed, in this order
 */
export function verifyAttested<K extends StatementKind>(
  kind: K,
  claimed: { attest: Uint8Array; signature: Uint8Array },
  ak: Ak,
  nonce: Uint8Array,
): { attest: Attested<K>; hash: HashName } {
  const { number, name, text } = kinds[kind];
  const signature = whole(() => decode(Signature, claimed.signature, 'TPMT_SIGNATURE'));
  if (signature.sigAlg !== ak.sigAlg || signature.hash !== ak.hash)
    throw new AssayError(
      'quote-scheme',
      'TPMT_SIGNATURE',
      `${ak.sigAlg} with ${ak.hash}, as the AK signs`,
      `${signature.sigAlg} with ${signature.hash}`,
    );
  if (!verifySignature(ak.key, signature, claimed.attest))
    throw new AssayError(
      'quote-signature',
      'TPMT_SIGNATURE',
      `a signature over ${text} by the enrolled AK ${ak.name.toHex()}`,
      'another',
    );

  const head = whole(() => Head.read({ bytes: claimed.attest, at: 0 }, 'TPMS_ATTEST'));
  if (head.magic !== magic)
    throw new AssayError('quote-magic', 'TPMS_ATTEST.magic', 'TPM_GENERATED_VALUE', `0x${head.magic.toString(16)}`);
  const attest = head.type === number ? whole(() => decode(Attest, claimed.attest, 'TPMS_ATTEST')) : undefined;
  if (attest?.type !== kind)
    throw new AssayError('quote-type', 'TPMS_ATTEST.type', name, `0x${head.type.toString(16)}`);
  if (Buffer.compare(attest.qualifiedSigner, ak.qualifiedName) !== 0)
    throw new AssayError(
      'quote-signer',
      'TPMS_ATTEST.qualifiedSigner',
      `${ak.qualifiedName.toHex()}, the AK as a primary key of the endorsement hierarchy`,
      attest.qualifiedSigner,
    );
  if (attest.extraData.length !== nonce.length || nonce.length === 0 || !timingSafeEqual(attest.extraData, nonce))
    throw new AssayError('quote-nonce', 'TPMS_ATTEST.extraData', 'the nonce of this challenge', 'another');
  return { attest: attest as Attested<K>, hash: signature.hash };
}

/** Malformed structures have one code, whatever about them is wrong. */
function whole<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    throw new AssayError('quote-malformed', cause.where, cause.expected, cause.got, { cause });
  }
}
