// Did this key sign these bytes (TPMT_SIGNATURE)? Says nothing of whose key it is, nor of what the bytes mean.
import { constants, type KeyObject, verify } from 'node:crypto';
import { choice, type Of, sized, tagged, u16 } from '@assay/core';
import { HashAlg, nodeHash } from './algorithms.ts';

/** TPMT_SIGNATURE (Part 2, §11.3.4). */
export const Signature = tagged({ sigAlg: choice(u16, { rsassa: 0x0014, rsapss: 0x0016, ecdsa: 0x0018 }) }, 'sigAlg', {
  rsassa: { hash: HashAlg, sig: sized(512) },
  rsapss: { hash: HashAlg, sig: sized(512) },
  ecdsa: { hash: HashAlg, signatureR: sized(66), signatureS: sized(66) },
});
export type Signature = Of<typeof Signature>;

const coordinateBytes: Record<string, number> = { prime256v1: 32, secp384r1: 48, secp521r1: 66 };

/**
 * True only when `key` made `signature` over `message`. SHA-1 is never accepted, nor a scheme the key is not of.
 * @param key as from `publicKeyOf`
 */
export function verifySignature(key: KeyObject, signature: Signature, message: Uint8Array): boolean {
  if (key.type !== 'public' || signature.hash === 'sha1') return false;
  const hash = nodeHash(signature.hash);
  if (signature.sigAlg === 'ecdsa') {
    const size = coordinateBytes[key.asymmetricKeyDetails?.namedCurve ?? '']; // only ECC keys have a curve
    if (!size || signature.signatureR.length > size || signature.signatureS.length > size) return false;
    const raw = new Uint8Array(2 * size);
    raw.set(signature.signatureR, size - signature.signatureR.length);
    raw.set(signature.signatureS, 2 * size - signature.signatureS.length);
    return verify(hash, message, { key, dsaEncoding: 'ieee-p1363' }, raw);
  }
  if (key.asymmetricKeyType !== 'rsa') return false;
  if (signature.sigAlg === 'rsassa')
    return verify(hash, message, { key, padding: constants.RSA_PKCS1_PADDING }, signature.sig);
  // TPMs differ in the salt length they take: as long as it fits, or as the digest.
  return verify(
    hash,
    message,
    { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
    signature.sig,
  );
}
