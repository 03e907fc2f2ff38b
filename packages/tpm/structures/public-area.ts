// What the public half of a key is (TPMT_PUBLIC): algorithm, attributes, policy, parameters, key.
// Says nothing of the key being in a TPM: only a name proved by credential activation or certification does.
import { choice, type Of, sized, struct, tagged, u16, u32 } from '@assay/core';
import { Curve, HashAlg, SymMode } from './algorithms.ts';
import { bitField } from './primitives.ts';

/** TPMA_OBJECT (Part 2, §8.3). */
export const ObjectAttributes = bitField(u32, {
  fixedTpm: 1,
  stClear: 2,
  fixedParent: 4,
  sensitiveDataOrigin: 5,
  userWithAuth: 6,
  adminWithPolicy: 7,
  firmwareLimited: 8,
  svnLimited: 9,
  noDa: 10,
  encryptedDuplication: 11,
  restricted: 16,
  decrypt: 17,
  sign: 18,
  x509Sign: 19,
});
export type ObjectAttributes = Of<typeof ObjectAttributes>;

const block = { keyBits: u16, mode: SymMode };
/** TPMT_SYM_DEF_OBJECT (Part 2, §11.1.7). */
const SymDefObject = tagged(
  { algorithm: choice(u16, { tdes: 0x0003, aes: 0x0006, sm4: 0x0013, camellia: 0x0026, null: 0x0010 }) },
  'algorithm',
  { tdes: block, aes: block, sm4: block, camellia: block, null: {} },
);

const withHash = { hash: HashAlg };
/** TPMT_RSA_SCHEME (Part 2, §11.2.4). */
const RsaScheme = tagged(
  { scheme: choice(u16, { rsassa: 0x0014, rsaes: 0x0015, rsapss: 0x0016, oaep: 0x0017, null: 0x0010 }) },
  'scheme',
  { rsassa: withHash, rsaes: {}, rsapss: withHash, oaep: withHash, null: {} },
);
/** TPMT_ECC_SCHEME (Part 2, §11.2.5). */
const EccScheme = tagged(
  {
    scheme: choice(u16, {
      ecdsa: 0x0018,
      ecdh: 0x0019,
      ecdaa: 0x001a,
      sm2: 0x001b,
      ecschnorr: 0x001c,
      ecmqv: 0x001d,
      null: 0x0010,
    }),
  },
  'scheme',
  {
    ecdsa: withHash,
    ecdh: withHash,
    ecdaa: { ...withHash, count: u16 },
    sm2: withHash,
    ecschnorr: withHash,
    ecmqv: withHash,
    null: {},
  },
);
const kdfs = { mgf1: 0x0007, kdf1Sp80056a: 0x0020, kdf2: 0x0021, kdf1Sp800108: 0x0022 };
/** TPMT_KDF_SCHEME (Part 2, §11.2.3). */
const KdfScheme = tagged({ scheme: choice(u16, { ...kdfs, null: 0x0010 }) }, 'scheme', {
  mgf1: withHash,
  kdf1Sp80056a: withHash,
  kdf2: withHash,
  kdf1Sp800108: withHash,
  null: {},
});
/** TPMT_KEYEDHASH_SCHEME (Part 2, §11.1.22). */
const KeyedHashScheme = tagged({ scheme: choice(u16, { hmac: 0x0005, xor: 0x000a, null: 0x0010 }) }, 'scheme', {
  hmac: withHash,
  xor: { ...withHash, kdf: choice(u16, { ...kdfs, null: 0x0010 }) },
  null: {},
});

/** TPMS_ECC_POINT: coordinates, big-endian, of at most 638 bits. */
export const EccPoint = struct({ x: sized(80), y: sized(80) });
export type EccPoint = Of<typeof EccPoint>;

/** TPMI_ALG_PUBLIC: the kinds of object. */
const ObjectType = choice(u16, { rsa: 0x0001, keyedhash: 0x0008, ecc: 0x0023, symcipher: 0x0025 });
/** TPMU_PUBLIC_PARMS (Part 2, §12.2.3.7). `exponent` 0 means 65537. */
const parameters = {
  rsa: { symmetric: SymDefObject, scheme: RsaScheme, keyBits: u16, exponent: u32 },
  ecc: { symmetric: SymDefObject, scheme: EccScheme, curve: Curve, kdf: KdfScheme },
  keyedhash: { scheme: KeyedHashScheme },
  symcipher: { symmetric: SymDefObject },
};

/** TPMT_PUBLIC_PARMS (Part 2, §12.2.3.8): of which kind and size a key is, without the key. */
export const PublicParms = tagged({ type: ObjectType }, 'type', parameters);
export type PublicParms = Of<typeof PublicParms>;

/** TPMT_PUBLIC (Part 2, §12.2.4). */
export const Public = tagged(
  { type: ObjectType, nameAlg: HashAlg, attributes: ObjectAttributes, authPolicy: sized(64) },
  'type',
  {
    rsa: { ...parameters.rsa, unique: sized(512) },
    ecc: { ...parameters.ecc, unique: EccPoint },
    keyedhash: { ...parameters.keyedhash, unique: sized(64) },
    symcipher: { ...parameters.symcipher, unique: sized(64) },
  },
);
export type Public = Of<typeof Public>;
