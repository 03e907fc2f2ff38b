// A "TPM" made of nothing but keys in memory: what an attacker has who copied the protocol. It signs anything it is told to,
// so that evidence can be wrong in one way and right in all others. Trusted only where a test lists its CA.
import {
  constants,
  createDecipheriv,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  timingSafeEqual,
} from 'node:crypto';
import { AssayError, decode, encode, sized, u32 } from '@assay/core';
import { nameOf, Public } from '@assay/tpm/structures';
import { type Ca, ekExtensions, issueCertificate, makeCa } from './certificates.ts';

export type SoftwareTpm = {
  ca: Ca;
  /** DER. */
  ekCertificate: Uint8Array;
  /** TPMT_PUBLIC. */
  ekPublic: Uint8Array;
  akPublic: Uint8Array;
  akName: Uint8Array;
  akKey: KeyObject;
  /** As TPM2_ActivateCredential, in software. @throws AssayError `tpm-rc-integrity` */
  activate(credentialBlob: Uint8Array, secret: Uint8Array): Uint8Array;
};

const none = {
  fixedTpm: false,
  stClear: false,
  fixedParent: false,
  sensitiveDataOrigin: false,
  userWithAuth: false,
  adminWithPolicy: false,
  firmwareLimited: false,
  svnLimited: false,
  noDa: false,
  encryptedDuplication: false,
  restricted: false,
  decrypt: false,
  sign: false,
  x509Sign: false,
};
const madeHere = { ...none, fixedTpm: true, fixedParent: true, sensitiveDataOrigin: true, restricted: true };
const policyA = Buffer.from('837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa', 'hex');

const part = (key: KeyObject, field: 'n' | 'x' | 'y') =>
  new Uint8Array(Buffer.from(key.export({ format: 'jwk' })[field] ?? '', 'base64url'));

/** Public area of an RSA EK of the low range. */
export const rsaEkPublic = (key: KeyObject): Extract<Public, { type: 'rsa' }> => ({
  type: 'rsa',
  nameAlg: 'sha256',
  attributes: { ...madeHere, adminWithPolicy: true, decrypt: true },
  authPolicy: new Uint8Array(policyA),
  symmetric: { algorithm: 'aes', keyBits: 128, mode: 'cfb' },
  scheme: { scheme: 'null' },
  keyBits: 2048,
  exponent: 0,
  unique: part(key, 'n'),
});

/** Public area of an ECC EK of the low range. */
export const eccEkPublic = (key: KeyObject): Extract<Public, { type: 'ecc' }> => ({
  type: 'ecc',
  nameAlg: 'sha256',
  attributes: { ...madeHere, adminWithPolicy: true, decrypt: true },
  authPolicy: new Uint8Array(policyA),
  symmetric: { algorithm: 'aes', keyBits: 128, mode: 'cfb' },
  scheme: { scheme: 'null' },
  curve: 'p256',
  kdf: { scheme: 'null' },
  unique: { x: part(key, 'x'), y: part(key, 'y') },
});

/** Public area of an ECDSA AK as Assay's agent makes it. */
export const eccAkPublic = (key: KeyObject): Extract<Public, { type: 'ecc' }> => ({
  type: 'ecc',
  nameAlg: 'sha256',
  attributes: { ...madeHere, userWithAuth: true, sign: true },
  authPolicy: new Uint8Array(),
  symmetric: { algorithm: 'null' },
  scheme: { scheme: 'ecdsa', hash: 'sha256' },
  curve: 'p256',
  kdf: { scheme: 'null' },
  unique: { x: part(key, 'x'), y: part(key, 'y') },
});

/** Public area of an RSA AK: RSASSA with SHA-256. */
export const rsaAkPublic = (key: KeyObject): Extract<Public, { type: 'rsa' }> => ({
  type: 'rsa',
  nameAlg: 'sha256',
  attributes: { ...madeHere, userWithAuth: true, sign: true },
  authPolicy: new Uint8Array(),
  symmetric: { algorithm: 'null' },
  scheme: { scheme: 'rsassa', hash: 'sha256' },
  keyBits: 2048,
  exponent: 0,
  unique: part(key, 'n'),
});

let cachedRsa: ReturnType<typeof newRsa> | undefined;
const newRsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });

/** @param ca who vouches for it; default: a CA of its own. All of one process share their RSA EK unless `freshEk`. */
export function softwareTpm({ ca = makeCa('Test TPM Vendor'), freshEk = false } = {}): SoftwareTpm {
  cachedRsa ??= newRsa();
  const ek = freshEk ? newRsa() : cachedRsa;
  const ak = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const ekPublic = encode(Public, rsaEkPublic(ek.publicKey));
  const akPublic = encode(Public, eccAkPublic(ak.publicKey));
  const extensions = ekExtensions(0x20);
  const ekCertificate = issueCertificate({ subject: 'EK', publicKey: ek.publicKey, issuer: ca, extensions });
  return {
    ca,
    ekCertificate,
    ekPublic,
    akPublic,
    akName: nameOf(akPublic),
    akKey: ak.privateKey,
    activate: (credentialBlob, secret) => open(ek.privateKey, nameOf(akPublic), credentialBlob, secret),
  };
}

/** Part 1, §24: the seed under the EK, then integrity and identity under keys made of it (KDFa, SHA-256). */
function open(ek: KeyObject, akName: Uint8Array, credentialBlob: Uint8Array, secret: Uint8Array): Uint8Array {
  const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel: Buffer.from('IDENTITY\0') };
  const seed = privateDecrypt({ key: ek, ...oaep }, secret);
  const kdfA = (label: string, context: Uint8Array, bits: number) =>
    createHmac('sha256', seed)
      .update(Buffer.concat([encode(u32, 1), Buffer.from(`${label}\0`), context, encode(u32, bits)]))
      .digest()
      .subarray(0, bits / 8);
  const c = { bytes: credentialBlob, at: 0 };
  const claimed = sized(64).read(c, 'TPMS_ID_OBJECT.integrityHMAC');
  const identity = credentialBlob.subarray(c.at);
  const integrity = createHmac('sha256', kdfA('INTEGRITY', new Uint8Array(), 256))
    .update(identity)
    .update(akName)
    .digest();
  if (claimed.length !== integrity.length || !timingSafeEqual(claimed, integrity))
    throw new AssayError('tpm-rc-integrity', 'TPMS_ID_OBJECT', 'a credential for this AK', 'another');
  const cipher = createDecipheriv('aes-128-cfb', kdfA('STORAGE', akName, 128), new Uint8Array(16));
  return decode(sized(64), Buffer.concat([cipher.update(identity), cipher.final()]), 'identity');
}
