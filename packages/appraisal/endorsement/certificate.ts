// What does this certificate claim (RFC 5280)? Its fields, read strictly from DER. Proves nothing: see chain.ts.
import { AssayError, escaped } from '@assay/core';
import {
  boolean,
  type Der,
  expectTag,
  octetsOfBits,
  oidText,
  positiveInteger,
  readDer,
  type Signed,
  signedPart,
  tags,
  time,
} from '@assay/core/der';

export type Certificate = {
  der: Uint8Array;
  /** Big-endian, without sign byte. */
  serial: Uint8Array;
  /** What the issuer signed, with what, and the result: for `signedBy`. */
  signed: Signed;
  /** Name, DER: names are equal when their bytes are. */
  issuer: Uint8Array;
  subject: Uint8Array;
  /** The same for people: `CN=swtpm-localca`. Nothing is decided by them. */
  issuerText: string;
  subjectText: string;
  notBefore: Date;
  notAfter: Date;
  publicKey: CertificateKey;
  /** SubjectPublicKeyInfo, DER. */
  keyInfo: Uint8Array;
  extensions: ReadonlyMap<string, { critical: boolean; value: Uint8Array }>;
};
export type CertificateKey =
  | { type: 'rsa'; modulus: Uint8Array; exponent: Uint8Array }
  | { type: 'ec'; curve: string; point: Uint8Array }
  | { type: 'other'; algorithm: string };

const rsaKeys = ['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.7']; // rsaEncryption, id-RSAES-OAEP
const ecKey = '1.2.840.10045.2.1';

/** @throws AssayError `der`, `certificate` */
export function readCertificate(der: Uint8Array, where: string): Certificate {
  const bad = (field: string, expected: string, got: unknown) =>
    new AssayError('certificate', `${where} ${field}`, expected, got);
  const [tbs, outer, signature, ...behind] = expectTag(readDer(der, where), tags.sequence, where).children;
  if (behind.length > 0) throw bad('Certificate', 'three elements', behind.length + 3);
  const fields = [...expectTag(tbs, tags.sequence, `${where} tbsCertificate`).children];
  const version = fields[0]?.tag === 0xa0 ? fields.shift()?.children[0] : undefined;
  if (version?.tag !== tags.integer || version.content.length !== 1 || version.content[0] !== 2)
    throw bad('version', 'v3', version ? version.content : 'v1');
  const [serial, inner, issuer, validity, subject, key, ...rest] = fields;
  const [notBefore, notAfter] = expectTag(validity, tags.sequence, `${where} validity`).children;
  const serialBytes = positiveInteger(serial, `${where} serialNumber`);
  if (serialBytes.length > 20 || serialBytes.every((byte) => byte === 0))
    throw bad('serialNumber', 'a positive number of at most 20 bytes', serialBytes);
  if (Buffer.compare(inner?.whole ?? new Uint8Array(), outer?.whole ?? new Uint8Array()) !== 0)
    throw bad('signature', 'the algorithm it is signed with', 'another');
  const names = {
    issuer: expectTag(issuer, tags.sequence, `${where} issuer`),
    subject: expectTag(subject, tags.sequence, `${where} subject`),
  };
  if (names.issuer.content.length === 0) throw bad('issuer', 'a name', 'none');
  return {
    der,
    serial: serialBytes,
    signed: signedPart(tbs, outer, signature, where),
    issuer: names.issuer.whole,
    subject: names.subject.whole,
    issuerText: nameText(names.issuer, `${where} issuer`),
    subjectText: nameText(names.subject, `${where} subject`),
    notBefore: time(notBefore, `${where} notBefore`),
    notAfter: time(notAfter, `${where} notAfter`),
    publicKey: readKey(key, `${where} subjectPublicKeyInfo`),
    keyInfo: key?.whole ?? new Uint8Array(),
    extensions: readExtensions(rest, where),
  };
}

function readKey(element: Der | undefined, where: string): CertificateKey {
  const [algorithm, bits] = expectTag(element, tags.sequence, where).children;
  const oid = oidText(algorithm?.children[0], where);
  const octets = octetsOfBits(bits, where);
  if (rsaKeys.includes(oid)) {
    const [modulus, exponent] = expectTag(readDer(octets, where), tags.sequence, where).children;
    return { type: 'rsa', modulus: positiveInteger(modulus, where), exponent: positiveInteger(exponent, where) };
  }
  if (oid === ecKey && algorithm?.children[1]?.tag === tags.oid)
    return { type: 'ec', curve: oidText(algorithm.children[1], where), point: octets };
  return { type: 'other', algorithm: oid };
}

function readExtensions(rest: readonly Der[], where: string): Certificate['extensions'] {
  if (rest.length > 1 || (rest[0] && rest[0].tag !== 0xa3))
    throw new AssayError('certificate', where, 'extensions and no unique identifiers', rest.at(-1)?.tag);
  return rest[0] ? extensionsOf(rest[0].children[0], where) : new Map();
}

/** Extensions ::= SEQUENCE OF Extension, of certificates, revocation lists and their entries. Each at most once. */
export function extensionsOf(list: Der | undefined, where: string): Certificate['extensions'] {
  const extensions = new Map<string, { critical: boolean; value: Uint8Array }>();
  for (const extension of expectTag(list, tags.sequence, `${where} extensions`).children) {
    const parts = [...extension.children];
    const oid = oidText(parts.shift(), `${where} extension`);
    const critical =
      parts[0]?.tag === tags.boolean ? boolean(parts.shift() as Der, `${where} extension ${oid}`) : false;
    const value = expectTag(parts.shift(), tags.octetString, `${where} extension ${oid}`).content;
    if (parts.length > 0) throw new AssayError('certificate', `${where} extension ${oid}`, 'nothing behind it', parts);
    if (extensions.has(oid)) throw new AssayError('certificate', `${where} extension ${oid}`, 'it once', 'it twice');
    extensions.set(oid, { critical, value });
  }
  return extensions;
}

const attributes: Record<string, string> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
};

/** A Name for people. */
export function nameText({ children }: Der, where: string): string {
  const parts = children.flatMap((relative) =>
    relative.children.map(({ children: [type, value] }) => {
      const oid = oidText(type, where);
      return `${attributes[oid] ?? oid}=${Buffer.from(value?.content ?? []).toString('utf8')}`;
    }),
  );
  return escaped(parts.join(', '));
}
