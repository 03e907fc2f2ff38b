// Certificates and revocation lists as a TPM vendor would issue them, or would never: every field can be made wrong.
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type Ca = { name: string; key: KeyObject; publicKey: KeyObject; der: Uint8Array; pem: string };

/** An extension: OID, critical, DER of its value. */
export type Extension = { oid: string; critical: boolean; value: Uint8Array };

type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export type CertificateWish = {
  /** Common name; empty: no name at all. */
  subject: string;
  publicKey: KeyObject;
  /** SubjectPublicKeyInfo, if another than the key's own. */
  keyInfo?: Uint8Array;
  /** Default: itself. */
  issuer?: Pick<Ca, 'name' | 'key'>;
  serial?: Uint8Array;
  notBefore?: Date;
  notAfter?: Date;
  extensions?: Extension[];
  hash?: Hash;
  /** Sign with RSASSA-PSS: salt as long as the hash, unless its parameters are given (DER). */
  pss?: true | { parameters: Uint8Array };
  /** Named outside the signed part, if another. */
  claimedHash?: Hash;
  /** 2 means v3. */
  version?: number;
};

/** One DER element. */
export function tlv(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...size), content]);
}

export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const base128 = (arc: number): number[] =>
    arc < 128 ? [arc] : [...base128(arc >> 7).map((o) => o | 0x80), arc & 0x7f];
  return tlv(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

const seq = (...parts: Uint8Array[]) => tlv(0x30, ...parts);
const yes = tlv(0x01, Uint8Array.of(0xff));
const attribute = (type: string, text: string, tag = 0x0c) => seq(oid(type), tlv(tag, Buffer.from(text)));
const name = (text: string) => (text === '' ? seq() : seq(tlv(0x31, attribute('2.5.4.3', text))));
const time = (date: Date) => tlv(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`));

export const basicConstraints = (ca: boolean, pathLength?: number, critical = true): Extension => ({
  oid: '2.5.29.19',
  critical,
  value: seq(...(ca ? [yes] : []), ...(pathLength === undefined ? [] : [tlv(0x02, Uint8Array.of(pathLength))])),
});
/** @param bits first octet of KeyUsage: 0x20 keyEncipherment, 0x08 keyAgreement, 0x04 keyCertSign, 0x02 cRLSign */
export const keyUsage = (bits: number, critical = true): Extension => ({
  oid: '2.5.29.15',
  critical,
  value: tlv(0x03, Uint8Array.of(0, bits)),
});
export const extendedKeyUsage = (...purposes: string[]): Extension => ({
  oid: '2.5.29.37',
  critical: false,
  value: seq(...purposes.map(oid)),
});

/** subjectAltName with a directoryName of these relative names, each of [attribute, text] pairs. @param tag of the texts */
export const tpmNames = (relatives: [type: string, text: string][][], tag = 0x0c): Extension => ({
  oid: '2.5.29.17',
  critical: true,
  value: seq(
    tlv(0xa4, seq(...relatives.map((pairs) => tlv(0x31, ...pairs.map(([type, text]) => attribute(type, text, tag)))))),
  ),
});
/** tcg-at-tpmManufacturer, -tpmModel, -tpmVersion, of a TPM that was never made. */
export const tpmAttributes: [type: string, text: string][] = [
  ['2.23.133.2.1', 'id:54455354'],
  ['2.23.133.2.2', 'Test TPM'],
  ['2.23.133.2.3', 'id:00010002'],
];

/** What an EK certificate has to have, for RSA and ECC keys. */
export const ekExtensions = (usage: number): Extension[] => [
  basicConstraints(false),
  keyUsage(usage),
  extendedKeyUsage('2.23.133.8.1'),
  tpmNames(tpmAttributes.map((pair) => [pair])),
];

export const year = 365 * 24 * 3600 * 1000;

const sha = { sha256: '2.16.840.1.101.3.4.2.1', sha384: '2.16.840.1.101.3.4.2.2', sha512: '2.16.840.1.101.3.4.2.3' };
const pssOid = '1.2.840.113549.1.1.10';
/** RSASSA-PSS-params with MGF1 over the same hash, unless another is said. */
export function pssParameters(hash: keyof typeof sha, saltLength: number, maskHash = hash): Uint8Array {
  const of = (one: keyof typeof sha) => seq(oid(sha[one]), tlv(0x05));
  return seq(
    tlv(0xa0, of(hash)),
    tlv(0xa1, seq(oid('1.2.840.113549.1.1.8'), of(maskHash))),
    tlv(0xa2, tlv(0x02, Uint8Array.of(saltLength))),
  );
}
const lengths = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };
const pkcs1 = { sha1: 5, sha256: 11, sha384: 12, sha512: 13 };
const ecdsa = { sha1: '1', sha256: '3.2', sha384: '3.3', sha512: '3.4' };

type Signing = Pick<CertificateWish, 'pss' | 'claimedHash'> & { hash: Hash; key: KeyObject };

/** SIGNED{…}: the parts in order, with the algorithm between `before` and `after`. */
function signed(
  { key, hash, pss, claimedHash = hash }: Signing,
  before: Uint8Array[],
  after: Uint8Array[],
): Uint8Array {
  const algorithm = (one: Hash) => {
    if (pss) return seq(oid(pssOid), pss === true ? pssParameters(one as 'sha256', lengths[one]) : pss.parameters);
    return key.asymmetricKeyType === 'ec'
      ? seq(oid(`1.2.840.10045.4.${ecdsa[one]}`))
      : seq(oid(`1.2.840.113549.1.1.${pkcs1[one]}`), tlv(0x05));
  };
  const tbs = seq(...before, algorithm(hash), ...after);
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: lengths[hash] };
  const signature = sign(hash, tbs, pss ? { key, ...padding } : key);
  return seq(tbs, algorithm(claimedHash), tlv(0x03, Uint8Array.of(0), signature));
}

const extensionList = (extensions: Extension[]) =>
  seq(...extensions.map(({ oid: id, critical, value }) => seq(oid(id), ...(critical ? [yes] : []), tlv(0x04, value))));

/** DER of a certificate, signed by its issuer. */
export function issueCertificate(wish: CertificateWish & { issuer: Pick<Ca, 'name' | 'key'> }): Uint8Array {
  const { subject, publicKey, issuer, hash = 'sha256' } = wish;
  const { serial = Uint8Array.of(1), extensions = [], version = 2 } = wish;
  const { notBefore = new Date(Date.now() - 3_600_000), notAfter = new Date(Date.now() + year) } = wish;
  return signed(
    { ...wish, hash, key: issuer.key },
    [tlv(0xa0, tlv(0x02, Uint8Array.of(version))), tlv(0x02, serial)],
    [
      name(issuer.name),
      seq(time(notBefore), time(notAfter)),
      name(subject),
      wish.keyInfo ?? publicKey.export({ type: 'spki', format: 'der' }),
      tlv(0xa3, extensionList(extensions)),
    ],
  );
}

export type RevocationWish = {
  issuer: Pick<Ca, 'name' | 'key'>;
  /** Serial numbers. */
  revoked?: { serial: Uint8Array; extensions?: Extension[] }[];
  thisUpdate?: Date;
  /** `undefined`: it has none. */
  nextUpdate?: Date | undefined;
  extensions?: Extension[];
  hash?: Hash;
  claimedHash?: Hash;
  /** 1 means v2. */
  version?: number;
};

/** DER of a revocation list; from an hour ago for a year unless told otherwise. */
export function issueRevocationList(wish: RevocationWish): Uint8Array {
  const { issuer, revoked = [], extensions = [], hash = 'sha256', version = 1 } = wish;
  const { thisUpdate = new Date(Date.now() - 3_600_000) } = wish;
  const nextUpdate = 'nextUpdate' in wish ? wish.nextUpdate : new Date(Date.now() + year);
  const entries = revoked.map((one) =>
    seq(tlv(0x02, one.serial), time(thisUpdate), ...(one.extensions ? [extensionList(one.extensions)] : [])),
  );
  return signed(
    { ...wish, hash, key: issuer.key },
    [tlv(0x02, Uint8Array.of(version))],
    [
      name(issuer.name),
      time(thisUpdate),
      ...(nextUpdate ? [time(nextUpdate)] : []),
      ...(entries.length > 0 ? [seq(...entries)] : []),
      ...(extensions.length > 0 ? [tlv(0xa0, extensionList(extensions))] : []),
    ],
  );
}

/** A CA with a fresh key, self-signed unless told by whom. */
export function makeCa(
  subject: string,
  wish: Partial<CertificateWish> = {},
  keys: { privateKey: KeyObject; publicKey: KeyObject } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
): Ca {
  const { privateKey: key, publicKey } = keys;
  const issuer = wish.issuer ?? { name: subject, key };
  const extensions = [basicConstraints(true), keyUsage(0x06)];
  const der = issueCertificate({ extensions, ...wish, subject, publicKey, issuer });
  return { name: subject, key, publicKey, der, pem: pemOf(der) };
}

export const pemOf = (der: Uint8Array, label = 'CERTIFICATE'): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
