// Is this public area that of an endorsement key, as the TCG's EK Credential Profile makes them? Its certificate speaks of a
// modulus or a point alone: attributes and policy are what keeps credential activation to the TPM's own rules.
import { AssayError } from '@assay/core';
import type { Public } from '@assay/tpm/structures';

/** `userWithAuth` is clear in the low range and set in the high range of templates (Annex B.3, B.4). */
const attributes = {
  fixedTpm: true,
  stClear: false,
  fixedParent: true,
  sensitiveDataOrigin: true,
  adminWithPolicy: true,
  encryptedDuplication: false,
  restricted: true,
  decrypt: true,
  sign: false,
} as const;

/** authPolicy by nameAlg: PolicySecret(endorsement) in the low range, PolicyOR of it and an NV policy in the high (Annex B). */
const policies: Record<string, string[]> = {
  sha256: [
    '837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa',
    'ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0',
  ],
  sha384: ['b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12'],
  sha512: [
    'b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a429c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea',
  ],
};

type EkPublic = Extract<Public, { type: 'rsa' | 'ecc' }>;

/** @throws AssayError `ek-template` naming what differs */
export function checkEkTemplate(area: Public): EkPublic {
  const where = 'EK TPMT_PUBLIC';
  const bad = (field: string, expected: string, got: unknown) =>
    new AssayError('ek-template', `${where}.${field}`, expected, got);
  if (area.type !== 'rsa' && area.type !== 'ecc') throw bad('type', 'rsa or ecc', area.type);
  for (const [name, value] of Object.entries(attributes))
    if (area.attributes[name as keyof typeof attributes] !== value)
      throw bad('objectAttributes', `${name} ${value ? 'set' : 'clear'}`, !value);
  const policy = area.authPolicy.toHex();
  if (!policies[area.nameAlg]?.includes(policy)) throw bad('authPolicy', 'the policy of an EK template', policy);
  const { symmetric } = area;
  if (symmetric.algorithm !== 'aes' || symmetric.mode !== 'cfb' || ![128, 256].includes(symmetric.keyBits))
    throw bad('symmetric', 'AES-128 or AES-256 in CFB mode', symmetric);
  if (area.scheme.scheme !== 'null') throw bad('scheme', 'none', area.scheme.scheme);
  if (area.type === 'rsa' && (area.keyBits < 2048 || (area.exponent !== 0 && area.exponent !== 65537)))
    throw bad('parameters', 'RSA from 2048 bits, exponent 65537', `${area.keyBits} bits, exponent ${area.exponent}`);
  if (area.type === 'rsa' && (area.unique.length * 8 !== area.keyBits || (area.unique[0] ?? 0) < 0x80))
    throw bad('unique', `a modulus of ${area.keyBits} bits`, area.unique);
  if (area.type === 'ecc' && !['p256', 'p384', 'p521'].includes(area.curve))
    throw bad('curve', 'p256, p384 or p521', area.curve);
  if (area.type === 'ecc' && area.kdf.scheme !== 'null') throw bad('kdf', 'none', area.kdf.scheme);
  return area;
}
