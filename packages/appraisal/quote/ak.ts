// Is this key fit to vouch for a host? Only a restricted signing key made in its TPM and never to leave it: such a key
// signs nothing that claims to come from the TPM and does not (TPM 2.0 Part 1, §27.4).
// Says nothing of whose TPM: credential activation against an EK certificate does.
import { createHash, type KeyObject } from 'node:crypto';
import { AssayError, decode, encode, u32 } from '@assay/core';
import { type HashName, nameOf, nodeHash, Permanent, Public, publicKeyOf } from '@assay/tpm/structures';

/** An attestation key whose public area allows it to vouch. */
export type Ak = {
  /** TPM2B_NAME content: what credential activation must be made for. */
  name: Uint8Array;
  /** What its TPM calls it in all it signs (TPM2B_NAME content): its place under the endorsement hierarchy. */
  qualifiedName: Uint8Array;
  /** TPMT_PUBLIC. */
  publicArea: Uint8Array;
  key: KeyObject;
  /** The one scheme the key signs with. */
  sigAlg: 'rsassa' | 'rsapss' | 'ecdsa';
  hash: HashName;
};

const wanted = {
  sign: true,
  restricted: true,
  fixedTpm: true,
  fixedParent: true,
  sensitiveDataOrigin: true,
  decrypt: false,
} as const;
const curves = ['p256', 'p384', 'p521'];
const hashes = ['sha256', 'sha384', 'sha512'];

/** Those that were found fit, by their public area: making a key of numbers costs half as much as checking a signature. */
const fit = new Map<string, Ak>();
const mostKept = 20_000;

/**
 * @param publicArea TPMT_PUBLIC, claimed
 * @throws AssayError `ak-attributes`, `ak-scheme`, `ak-key`; `wire-…` when it is no public area at all
 */
export function checkAk(publicArea: Uint8Array): Ak {
  const bytes = new Uint8Array(publicArea); // ours: what is kept is not changed from outside
  const name = Buffer.from(bytes.buffer).toString('latin1');
  const known = fit.get(name);
  if (known) return known;
  const ak = checked(bytes);
  if (fit.size >= mostKept) fit.delete(fit.keys().next().value ?? '');
  fit.set(name, ak);
  return ak;
}

function checked(publicArea: Uint8Array): Ak {
  const where = 'AK TPMT_PUBLIC';
  const area = decode(Public, publicArea, where);
  for (const [name, value] of Object.entries(wanted))
    if (area.attributes[name as keyof typeof wanted] !== value)
      throw new AssayError('ak-attributes', `${where}.objectAttributes`, `${name} ${value ? 'set' : 'clear'}`, !value);
  if (!hashes.includes(area.nameAlg))
    throw new AssayError('ak-key', `${where}.nameAlg`, hashes.join(', '), area.nameAlg);
  if (area.type !== 'rsa' && area.type !== 'ecc')
    throw new AssayError('ak-key', `${where}.type`, 'rsa or ecc', area.type);
  const name = nameOf(publicArea);
  return {
    name,
    qualifiedName: endorsementPrimaryName(name, area.nameAlg),
    publicArea,
    ...checkScheme(area, where),
    key: publicKeyOf(checkStrength(area, where)),
  };
}

/**
 * The Qualified Name of a primary key of the endorsement hierarchy, where the agent makes its AK: nameAlg, then the hash over the
 * parent's name and the key's own (Part 1, §16); a hierarchy's name is its handle.
 * @param name of the key
 * @param nameAlg with which that name was made
 */
export function endorsementPrimaryName(name: Uint8Array, nameAlg: HashName): Uint8Array {
  const digest = createHash(nodeHash(nameAlg)).update(encode(u32, Permanent.endorsement)).update(name).digest();
  return Buffer.concat([name.subarray(0, 2), digest]);
}

type Asymmetric = Extract<Public, { type: 'rsa' | 'ecc' }>;

function checkScheme({ scheme }: Asymmetric, where: string): Pick<Ak, 'sigAlg' | 'hash'> {
  if (scheme.scheme === 'rsassa' || scheme.scheme === 'rsapss' || scheme.scheme === 'ecdsa')
    if (hashes.includes(scheme.hash)) return { sigAlg: scheme.scheme, hash: scheme.hash };
  throw new AssayError('ak-scheme', `${where}.scheme`, `rsassa, rsapss or ecdsa with ${hashes.join(', ')}`, scheme);
}

function checkStrength(area: Asymmetric, where: string): Public {
  const isStrong =
    area.type === 'rsa'
      ? area.keyBits >= 2048 && (area.exponent === 0 || area.exponent === 65537)
      : curves.includes(area.curve);
  if (isStrong) return area;
  const got = area.type === 'rsa' ? `RSA, ${area.keyBits} bits, exponent ${area.exponent}` : area.curve;
  throw new AssayError('ak-key', where, `RSA from 2048 bits with exponent 65537, or ${curves.join(', ')}`, got);
}
