// A secret only one TPM can open, and only while it holds one key: what proves at enrolment that AK and EK share a TPM.
// Proves nothing until the secret comes back, nor that the EK is genuine: its certificate does.
import {
  constants,
  createCipheriv,
  createHmac,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
} from 'node:crypto';
import { AssayError, decode, encode } from '@assay/core';
import { digestSize, nodeCurves, nodeHash } from '../structures/algorithms.ts';
import { Digest } from '../structures/attest.ts';
import { IdObject } from '../structures/credential-blob.ts';
import { padded, publicKeyOf } from '../structures/key.ts';
import { EccPoint, Public } from '../structures/public-area.ts';
import { kdfA, kdfE } from './kdf.ts';

export type Credential = {
  /** TPMS_ID_OBJECT (`IdObject`): what stands in a TPM2B_ID_OBJECT. */
  credentialBlob: Uint8Array;
  /** What stands in a TPM2B_ENCRYPTED_SECRET. */
  secret: Uint8Array;
};

/**
 * Protects a secret for the TPM that holds the EK, to be released only when the key named `akName` is there too
 * (Part 1, §24, Annexes B and C).
 * @param ekPublic TPMT_PUBLIC: RSA or ECC, restricted, decrypting, with AES in CFB mode
 * @param akName as `nameOf` gives it
 * @param secret at most as long as a digest of the EK's nameAlg
 * @param random gives that many random bytes; OAEP padding and ephemeral keys take OpenSSL's own
 * @throws AssayError `tpm-credential` when the EK cannot protect a secret or the secret is too long
 */
export function makeCredential({
  ekPublic,
  akName,
  secret,
  random,
}: {
  ekPublic: Uint8Array;
  akName: Uint8Array;
  secret: Uint8Array;
  random: (size: number) => Uint8Array;
}): Credential {
  const { ek, keyBits } = storageKeyOf(decode(Public, ekPublic, 'EK TPMT_PUBLIC'));
  const { nameAlg } = ek;
  const size = digestSize(nameAlg);
  if (secret.length === 0 || secret.length > size)
    throw new AssayError('tpm-credential', 'secret', `1 to ${size} bytes`, secret.length);
  if (akName.length < 3) throw new AssayError('tpm-credential', 'AK name', 'a TPM2B_NAME with a digest', akName);

  const { seed, encrypted } = ek.type === 'rsa' ? rsaSeed(ek, random(size)) : eccSeed(ek, ephemeralFor(ek));
  const empty = new Uint8Array();
  const key = kdfA(nameAlg, seed, 'STORAGE', akName, empty, keyBits);
  const cipher = createCipheriv(`aes-${keyBits}-cfb`, key, new Uint8Array(16));
  const encIdentity = Buffer.concat([cipher.update(encode(Digest, secret)), cipher.final()]);
  const integrityKey = kdfA(nameAlg, seed, 'INTEGRITY', empty, empty, size * 8);
  const integrityHmac = createHmac(nodeHash(nameAlg), integrityKey).update(encIdentity).update(akName).digest();
  return { credentialBlob: encode(IdObject, { integrityHmac, encIdentity }), secret: encrypted };
}

type RsaOrEcc = Extract<Public, { type: 'rsa' | 'ecc' }>;

/** An EK that protects credentials, and the length of the AES keys it protects them with. */
function storageKeyOf(claimed: Public): { ek: RsaOrEcc; keyBits: number } {
  const { restricted, decrypt, fixedTpm } = claimed.attributes;
  const symmetric = 'symmetric' in claimed ? claimed.symmetric : { algorithm: 'null' as const };
  if (
    !(restricted && decrypt && fixedTpm) ||
    (claimed.type !== 'rsa' && claimed.type !== 'ecc') ||
    symmetric.algorithm !== 'aes' ||
    symmetric.mode !== 'cfb' ||
    ![128, 192, 256].includes(symmetric.keyBits)
  )
    throw new AssayError(
      'tpm-credential',
      'EK TPMT_PUBLIC',
      'an RSA or ECC key: fixedTPM, restricted, decrypt, AES in CFB mode',
      claimed,
    );
  return { ek: claimed, keyBits: symmetric.keyBits };
}

/** The seed itself, and encrypted to the EK with OAEP: its label ends with a zero byte. */
function rsaSeed(ek: RsaOrEcc, seed: Uint8Array) {
  const encrypted = publicEncrypt(
    {
      key: publicKeyOf(ek),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: nodeHash(ek.nameAlg),
      oaepLabel: Buffer.from('IDENTITY\0'),
    },
    seed,
  );
  return { seed, encrypted };
}

type Ecc = Extract<Public, { type: 'ecc' }>;
type KeyPair = { privateKey: KeyObject; publicKey: KeyObject };

const curveOf = (ek: Ecc) => {
  const curve = nodeCurves[ek.curve];
  if (curve) return curve;
  throw new AssayError('tpm-credential', 'EK TPMT_PUBLIC.curve', Object.keys(nodeCurves).join(', '), ek.curve);
};

const ephemeralFor = (ek: Ecc): KeyPair => generateKeyPairSync('ec', { namedCurve: curveOf(ek).openssl });

/** A seed both sides agree on by one-pass ECDH with an ephemeral key of the EK's curve, whose point is what is sent (Annex C). */
export function eccSeed(ek: Ecc, ephemeral: KeyPair): { seed: Uint8Array; encrypted: Uint8Array } {
  const { bytes } = curveOf(ek);
  const point = pointOf(ephemeral.publicKey, bytes);
  const z = padded(diffieHellman({ privateKey: ephemeral.privateKey, publicKey: publicKeyOf(ek) }), bytes);
  const seed = kdfE(ek.nameAlg, z, 'IDENTITY', point.x, padded(ek.unique.x, bytes), digestSize(ek.nameAlg) * 8);
  return { seed, encrypted: encode(EccPoint, point) };
}

const pointOf = (key: KeyObject, size: number): EccPoint => {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return { x: padded(Buffer.from(x, 'base64url'), size), y: padded(Buffer.from(y, 'base64url'), size) };
};
