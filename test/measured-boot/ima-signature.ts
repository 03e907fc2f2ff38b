// A program signed for IMA, as `evmctl ima_sign` does it: the value of security.ima, by a key of its own.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

/** EVM_IMA_XATTR_DIGSIG, signature_v2_hdr.version, HASH_ALGO_SHA256 (security/integrity/integrity.h, crypto/hash_info.h). */
const head = Uint8Array.of(0x03, 0x02, 0x04);

/** @returns `key` PEM, RSA-2048 */
export function signProgram(content: Uint8Array): { attribute: Uint8Array; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  // X.509's key identifier, of which four bytes are kept: SHA-1 over the key alone.
  const id = createHash('sha1')
    .update(publicKey.export({ type: 'pkcs1', format: 'der' }))
    .digest()
    .subarray(-4);
  const signature = sign('sha256', content, privateKey);
  const size = Uint8Array.of(signature.length >> 8, signature.length & 0xff);
  const key = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { attribute: Buffer.concat([head, id, size, signature]), key };
}
