// Certificates as a TPM vendor would issue them, or would never: every field can be made wrong.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type Ca = { name: string; key: KeyObject; publicKey: KeyObject; der: Uint8Array; pem: string };

/** An extension: OID, critical, DER of its value. */
export type Extension = { oid: string; critical: boolean; value: Uint8Array };

export type CertificateWish = {
  subject: string;
  publicKey: KeyObject;
  /** Default: itself. */
  issuer?: Pick<Ca, 'name' | 'key'>;
  serial?: Uint8Array;
  notBefore?: Date;
  notAfter?: Date;
  extensions?: Extension[];
  hash?: 'sha1' | 'sha256' | 'sha384';
  /** Named outside the signed part, if another. */
  claimedHash?: 'sha1' | 'sha256' | 'sha384';
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
const name = (text: string) => seq(tlv(0x31, seq(oid('2.5.4.3'), tlv(0x0c, Buffer.from(text)))));
const time = (date: Date) => tlv(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`));

export const basicConstraints = (ca: boolean, pathLength?: number, critical = true): Extension => ({
  oid: '2.5.29.19',
  critical,
  value: seq(...(ca ? [yes] : []), ...(pathLength === undefined ? [] : [tlv(0x02, Uint8Array.of(pathLength))])),
});
/** @param bits first octet of KeyUsage: 0x20 keyEncipherment, 0x08 keyAgreement, 0x04 keyCertSign */
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

/** What an EK certificate has to have, for RSA and ECC keys. */
export const ekExtensions = (usage: number): Extension[] => [
  basicConstraints(false),
  keyUsage(usage),
  extendedKeyUsage('2.23.133.8.1'),
];

export const year = 365 * 24 * 3600 * 1000;

/** DER of a certificate, signed by its issuer. */
export function issueCertificate(wish: CertificateWish & { issuer: Pick<Ca, 'name' | 'key'> }): Uint8Array {
  const { subject, publicKey, issuer, hash = 'sha256' } = wish;
  const { serial = Uint8Array.of(1), extensions = [], version = 2, claimedHash = hash } = wish;
  const { notBefore = new Date(Date.now() - 3_600_000), notAfter = new Date(Date.now() + year) } = wish;
  const ec = issuer.key.asymmetricKeyType === 'ec';
  const algorithms = ec
    ? { sha1: '1.2.840.10045.4.1', sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3' }
    : { sha1: '1.2.840.113549.1.1.5', sha256: '1.2.840.113549.1.1.11', sha384: '1.2.840.113549.1.1.12' };
  const algorithm = (name: typeof hash) => seq(oid(algorithms[name]), ...(ec ? [] : [tlv(0x05)]));
  const encoded = extensions.map(({ oid: id, critical, value }) =>
    seq(oid(id), ...(critical ? [yes] : []), tlv(0x04, value)),
  );
  const tbs = seq(
    tlv(0xa0, tlv(0x02, Uint8Array.of(version))),
    tlv(0x02, serial),
    algorithm(hash),
    name(issuer.name),
    seq(time(notBefore), time(notAfter)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, seq(...encoded)),
  );
  return seq(tbs, algorithm(claimedHash), tlv(0x03, Uint8Array.of(0), sign(hash, tbs, issuer.key)));
}

/** A CA with a fresh key, self-signed unless told by whom. */
export function makeCa(subject: string, wish: Partial<CertificateWish> = {}): Ca {
  const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const issuer = wish.issuer ?? { name: subject, key };
  const extensions = [basicConstraints(true), keyUsage(0x04)];
  const der = issueCertificate({ extensions, ...wish, subject, publicKey, issuer });
  return { name: subject, key, publicKey, der, pem: pemOf(der) };
}

export const pemOf = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
