// Who signed this file, of those whose certificates a policy names? By the signature IMA measured beside the file's digest (security.ima), over
// that digest. When a certificate ends does not count: files are signed for as long as they are used.
import { constants, createHash, hash, type KeyObject, publicDecrypt } from 'node:crypto';
import { AssayError } from '@assay/core';
import { type Der, octetsOfBits, positiveInteger, sequenceIn } from '@assay/core/der';
import { readImaSignature } from '@assay/measurement';
import { pemBlocks, readCa } from '../endorsement/trust-store.ts';
import { isKnownCurve, verifiesDigest } from './ecdsa.ts';

export type Signer = {
  readonly subject: string;
  readonly key: KeyObject;
  /** Of an EC key. */
  readonly curve: string | undefined;
  readonly point: Uint8Array;
  /** What signatures call it: the end of its subject key identifier, and of the SHA-1 over its key; hex. */
  readonly ids: readonly string[];
};

const smallestModulus = 256;
const subjectKeyIdentifier = '2.5.29.14';

/**
 * @param texts certificates in PEM, one or more each
 * @throws AssayError `policy-value` for what is none, or has a key of another kind than RSA of 2,048 bits and NIST's curves
 */
export const signersOf = (texts: readonly string[], where: string): Signer[] =>
  texts.flatMap((text, i) => {
    const of = `${where}.${i}`;
    try {
      return pemBlocks('CERTIFICATE', of, text, 'policy-value').map((der) => signerOf(der, of));
    } catch (cause) {
      if (!(cause instanceof AssayError) || cause.code === 'policy-value') throw cause;
      throw new AssayError('policy-value', of, 'a certificate in PEM', cause.message, { cause });
    }
  });

function signerOf(der: Uint8Array, where: string): Signer {
  const { publicKey, keyInfo, extensions, subjectText: subject, key } = readCa(der, where);
  const [, bits] = sequenceIn(keyInfo, where);
  const named = extensions.get(subjectKeyIdentifier)?.value;
  const own = createHash('sha1').update(octetsOfBits(bits, where)).digest();
  const ids = [own, ...(named ? [named] : [])].map((id) => id.subarray(-4).toHex());
  if (publicKey.type === 'rsa' && publicKey.modulus.length >= smallestModulus)
    return { subject, key, ids, curve: undefined, point: new Uint8Array() };
  if (publicKey.type === 'ec' && isKnownCurve(publicKey.curve) && publicKey.point[0] === 4)
    return { subject, key, ids, curve: publicKey.curve, point: publicKey.point };
  throw new AssayError(
    'policy-value',
    where,
    'a key of RSA (2,048 bits or more) or ECDSA (P-256, P-384, P-521)',
    subject,
  );
}

/** A file's digest, as IMA has it. */
export type SignedDigest = { algorithm: string; value: Uint8Array; verity: boolean };

/**
 * @param bytes security.ima
 * @param tried told of each signature that was looked at and is wrong: they cost time
 * @returns undefined for whatever cannot be verified: EVM's portable signatures, hashes with less than 256 bits
 */
export function signerOfFile(
  bytes: Uint8Array,
  digest: SignedDigest,
  signers: readonly Signer[],
  tried?: () => void,
): Signer | undefined {
  const read = readImaSignature(bytes);
  if (typeof read === 'string' || read.hash !== digest.algorithm) return undefined;
  if (read.kind !== (digest.verity ? 'verity' : 'ima')) return undefined;
  const prefix = digestInfos[read.hash];
  if (!prefix) return undefined;
  // From version 3 on the digest is signed with its kind and algorithm; of fs-verity only so (struct ima_file_id).
  if (digest.verity && read.version !== 3) return undefined;
  const [type = 0, , algorithm = 0] = bytes;
  const signed =
    read.version === 3
      ? hash(read.hash, Buffer.concat([Buffer.of(type, algorithm), digest.value]), 'buffer')
      : Buffer.from(digest.value);
  return signers.find((signer) => {
    if (!signer.ids.includes(read.keyId)) return false;
    const good =
      signer.curve === undefined ? byRsa(signer, prefix, signed, read.signature) : byEc(signer, signed, read.signature);
    if (!good) tried?.();
    return good;
  });
}

/** DER before the digest in what RSASSA-PKCS1-v1_5 signs (RFC 8017, §9.2, note 1). */
const digestInfos: Readonly<Record<string, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

function byRsa({ key }: Signer, prefix: string, digest: Buffer, signature: Uint8Array): boolean {
  try {
    const opened = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
    return opened.equals(Buffer.concat([Buffer.from(prefix, 'hex'), digest]));
  } catch {
    return false; // of another length, or its padding is none
  }
}

function byEc({ curve = '', point }: Signer, digest: Buffer, signature: Uint8Array): boolean {
  try {
    const [r, s, ...more] = sequenceIn(signature, 'signature');
    const number = (one: Der | undefined) => BigInt(`0x0${positiveInteger(one, 'signature').toHex()}`);
    return more.length === 0 && verifiesDigest(curve, point, digest, number(r), number(s));
  } catch (error) {
    if (error instanceof AssayError) return false;
    throw error;
  }
}
