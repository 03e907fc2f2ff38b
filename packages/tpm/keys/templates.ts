// Which keys does a TPM make for us? Templates for endorsement keys (TCG EK Credential Profile) and for the
// attestation key. The same template under the same seed gives the same key, so nothing needs to be stored.
import { AssayError } from '@assay/core';
import type { Public } from '../structures/public-area.ts';
import { policyA, policyB } from './ek-policy.ts';

const noAttributes = {
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
const madeHere = { ...noAttributes, fixedTpm: true, fixedParent: true, sensitiveDataOrigin: true };
/** Low range: only a policy session may use the key. */
const ekLow = { ...madeHere, adminWithPolicy: true, restricted: true, decrypt: true };
/** High range: the empty password will do as well. */
const ekHigh = { ...ekLow, userWithAuth: true };

const aes = (keyBits: number) => ({ algorithm: 'aes', keyBits, mode: 'cfb' }) as const;
const none = { scheme: 'null' } as const;
const rsa2048 = { type: 'rsa', symmetric: aes(128), scheme: none, keyBits: 2048, exponent: 0 } as const;
const ecc = { type: 'ecc', scheme: none, kdf: none } as const;

/** Where a kind of endorsement key has its certificate, its vendor's template and its usual persistent handle. */
export type EkProfileData = {
  certificateIndex: number;
  /** Absent where the profile has no nonce. */
  nonceIndex: number | undefined;
  templateIndex: number;
  persistentHandle: number;
  template: Public;
};

/** Where the profile's key of the high range has its certificate; template and persistent handle follow from it, a nonce it has not. */
const highRange = (certificateIndex: number, template: Public): EkProfileData => ({
  certificateIndex,
  nonceIndex: undefined,
  templateIndex: certificateIndex + 1,
  persistentHandle: 0x81010000 + (certificateIndex & 0xff),
  template,
});
const unusedRsa = { unique: new Uint8Array() };
const unusedPoint = { unique: { x: new Uint8Array(), y: new Uint8Array() } };
const high = <H extends keyof typeof policyB>(nameAlg: H) =>
  ({ nameAlg, attributes: ekHigh, authPolicy: policyB[nameAlg] }) as const;

/** EK Credential Profile, §2.2.1 (NV indices) and Annex B (templates L-1, L-2, then H-1 to H-4, H-6, H-7). */
export const ekProfiles = {
  rsa2048: {
    certificateIndex: 0x01c00002,
    nonceIndex: 0x01c00003,
    templateIndex: 0x01c00004,
    persistentHandle: 0x81010001,
    template: {
      ...rsa2048,
      nameAlg: 'sha256',
      attributes: ekLow,
      authPolicy: policyA.sha256,
      unique: new Uint8Array(256),
    },
  },
  ecc256: {
    certificateIndex: 0x01c0000a,
    nonceIndex: 0x01c0000b,
    templateIndex: 0x01c0000c,
    persistentHandle: 0x81010002,
    template: {
      ...ecc,
      symmetric: aes(128),
      curve: 'p256',
      nameAlg: 'sha256',
      attributes: ekLow,
      authPolicy: policyA.sha256,
      unique: { x: new Uint8Array(32), y: new Uint8Array(32) },
    },
  },
  rsa2048high: highRange(0x01c00012, { ...high('sha256'), ...rsa2048, ...unusedRsa }),
  ecc256high: highRange(0x01c00014, { ...high('sha256'), ...ecc, symmetric: aes(128), curve: 'p256', ...unusedPoint }),
  ecc384: highRange(0x01c00016, { ...high('sha384'), ...ecc, symmetric: aes(256), curve: 'p384', ...unusedPoint }),
  ecc521: highRange(0x01c00018, { ...high('sha512'), ...ecc, symmetric: aes(256), curve: 'p521', ...unusedPoint }),
  rsa3072: highRange(0x01c0001c, { ...high('sha384'), ...rsa2048, symmetric: aes(256), keyBits: 3072, ...unusedRsa }),
  rsa4096: highRange(0x01c0001e, { ...high('sha384'), ...rsa2048, symmetric: aes(256), keyBits: 4096, ...unusedRsa }),
} as const satisfies Record<string, EkProfileData>;
export type EkProfile = keyof typeof ekProfiles;

/** Restricted, signing, outside dictionary-attack protection: its password is empty, there is nothing to guess. */
const akAttributes = { ...madeHere, userWithAuth: true, noDa: true, restricted: true, sign: true };
const longestLabel = 32;

export const akAlgorithms = ['ecc256', 'rsa2048'] as const;
export type AkAlgorithm = (typeof akAlgorithms)[number];

/**
 * Template of an attestation key.
 * @param label at most 32 bytes; another label, another key
 * @throws AssayError `tpm-ak-label`
 */
export function akTemplate(algorithm: AkAlgorithm, label: Uint8Array): Public {
  if (label.length > longestLabel)
    throw new AssayError('tpm-ak-label', 'attestation key', `a label of at most ${longestLabel} bytes`, label.length);
  const common = { nameAlg: 'sha256', attributes: akAttributes, authPolicy: new Uint8Array() } as const;
  const symmetric = { algorithm: 'null' } as const; // a signing key protects nothing below it
  return algorithm === 'rsa2048'
    ? { ...common, ...rsa2048, symmetric, scheme: { scheme: 'rsassa', hash: 'sha256' }, unique: label }
    : {
        ...common,
        ...ecc,
        symmetric,
        scheme: { scheme: 'ecdsa', hash: 'sha256' },
        curve: 'p256',
        unique: { x: label, y: new Uint8Array() },
      };
}
