// Is this signature under a certificate or a revocation list that key's (RFC 5280, §4.1.1.3; RFC 4055; RFC 5758)?
// Says nothing of whether the key may sign: that is its reader's to say.
import { constants, type KeyObject, verify } from 'node:crypto';
import { type Der, expectTag, octetsOfBits, oidText, tags } from './der.ts';

/** The signed bytes, what they are signed with, and the signature. */
export type Signed = { tbs: Uint8Array; algorithm: SignatureAlgorithm; signature: Uint8Array };

/** One we do not know is named by `oid` alone. */
export type SignatureAlgorithm = { oid: string } & (Known | Unknown);
type Known = {
  scheme: 'rsassa' | 'rsapss' | 'ecdsa';
  hash: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  /** Bytes; of RSASSA-PSS alone. */
  saltLength?: number;
};
type Unknown = { [part in keyof Known]?: undefined };

const known: Record<string, Known> = {
  '1.2.840.113549.1.1.5': { scheme: 'rsassa', hash: 'sha1' },
  '1.2.840.113549.1.1.11': { scheme: 'rsassa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { scheme: 'rsassa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { scheme: 'rsassa', hash: 'sha512' },
  '1.2.840.10045.4.1': { scheme: 'ecdsa', hash: 'sha1' },
  '1.2.840.10045.4.3.2': { scheme: 'ecdsa', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { scheme: 'ecdsa', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { scheme: 'ecdsa', hash: 'sha512' },
};
const unknown: Unknown = {};
const pss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';
const hashes: Record<string, 'sha256' | 'sha384' | 'sha512'> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** The parts of SIGNED{…}: what is signed, AlgorithmIdentifier, BIT STRING. @throws AssayError `der` */
export function signedPart(
  tbs: Der | undefined,
  algorithm: Der | undefined,
  bits: Der | undefined,
  where: string,
): Signed {
  return {
    tbs: expectTag(tbs, tags.sequence, where).whole,
    algorithm: readAlgorithm(expectTag(algorithm, tags.sequence, `${where} signatureAlgorithm`), where),
    signature: octetsOfBits(expectTag(bits, tags.bitString, `${where} signature`), `${where} signature`),
  };
}

function readAlgorithm({ children: [id, parameters] }: Der, where: string): SignatureAlgorithm {
  const oid = oidText(id, `${where} signatureAlgorithm`);
  return oid === pss ? readPss(parameters, where) : { oid, ...(known[oid] ?? unknown) };
}

/** RSASSA-PSS-params (RFC 4055, §3.1). What it leaves out means SHA-1: it is not taken to mean better. */
function readPss(parameters: Der | undefined, where: string): SignatureAlgorithm {
  const field = (number: number) => parameters?.children.find(({ tag }) => tag === 0xa0 + number)?.children[0];
  const hash = field(0) ? hashes[oidText(field(0)?.children[0], `${where} PSS hash`)] : undefined;
  const mask = field(1);
  const maskHash =
    mask && oidText(mask.children[0], `${where} PSS mask`) === mgf1
      ? hashes[oidText(mask.children[1]?.children[0], `${where} PSS mask hash`)]
      : undefined;
  const saltLength = field(2)?.content.reduce((sum, byte) => sum * 256 + byte, 0);
  if (!hash || maskHash !== hash || saltLength === undefined || saltLength > 64 || field(3)) return { oid: pss };
  return { oid: pss, scheme: 'rsapss', hash, saltLength };
}

/** Whether nobody can make another content with the same signature: SHA-256 or better, of an algorithm we know. */
export const isStrong = ({ algorithm: { hash } }: Signed): boolean => hash !== undefined && hash !== 'sha1';

const kinds: Record<Known['scheme'], (string | undefined)[]> = {
  rsassa: ['rsa'],
  rsapss: ['rsa', 'rsa-pss'],
  ecdsa: ['ec'],
};

/** False also for a key of another kind, and for what OpenSSL cannot use. */
export function signedBy({ tbs, algorithm, signature }: Signed, key: KeyObject): boolean {
  const { scheme, hash, saltLength } = algorithm;
  if (!scheme || !kinds[scheme].includes(key.asymmetricKeyType)) return false;
  try {
    if (scheme !== 'rsapss') return verify(hash, tbs, key, signature);
    return verify(hash, tbs, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: saltLength ?? 0 }, signature);
  } catch {
    return false;
  }
}
