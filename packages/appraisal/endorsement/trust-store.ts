// Whose word on a TPM counts, and what is an endorsement under it worth? CA certificates and revocation lists as a vendor's
// set or an operator gave them; nothing a host sends ever gets in here.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { AssayError } from '@assay/core';
import { type Certificate, readCertificate } from './certificate.ts';
import { type RevocationList, readRevocationList } from './revocation-list.ts';

/**
 * `hardware`: a chip or firmware of the machine. `virtual`: made by a cloud for its guests; whoever runs that cloud can make
 * it say anything. `software`: a process; whoever is root beside it can.
 */
export type TpmKind = 'hardware' | 'virtual' | 'software';
const worth: Record<TpmKind, number> = { software: 0, virtual: 1, hardware: 2 };

/** A certificate, and its key as OpenSSL's object. */
export type CaCertificate = Certificate & { key: KeyObject };
export type Authority = CaCertificate & {
  kind: TpmKind;
  /** A chain may end here. */
  anchor: boolean;
};

export type TrustStore = {
  readonly authorities: readonly Authority[];
  readonly revocations: readonly RevocationList[];
};

/** A file of one or more certificates in PEM. */
export type CaFile = {
  file: string;
  text: string;
  kind: TpmKind;
  /** Default: those that are signed by themselves are anchors. Else said of all in the file. */
  anchor?: boolean;
};
/** A revocation list: DER, or one or more in PEM. */
export type RevocationFile = { file: string; bytes: Uint8Array };

/**
 * A certificate that is given twice counts once, and as what is worth least; so does another certificate for the same name
 * and key.
 * @throws AssayError `trust-store-pem` or `trust-store-crl`, naming the file
 */
export function trustStoreFrom(
  certificates: readonly CaFile[],
  revocationLists: readonly RevocationFile[] = [],
): TrustStore {
  const found = new Map<string, Authority>();
  const kinds = new Map<string, TpmKind>();
  for (const one of certificates.flatMap(authoritiesIn)) {
    const id = Buffer.from(one.der).toString('base64');
    const kind = kinds.get(identity(one));
    if (!kind || worth[one.kind] < worth[kind]) kinds.set(identity(one), one.kind);
    found.set(id, { ...one, anchor: one.anchor || (found.get(id)?.anchor ?? false) });
  }
  const authorities = [...found.values()].map((one) => ({ ...one, kind: kinds.get(identity(one)) ?? one.kind }));
  return { authorities, revocations: revocationLists.flatMap((file) => listsIn(file, authorities)) };
}

/** What two certificates of one CA have in common. */
export const identity = ({ subject, keyInfo }: Certificate): string =>
  Buffer.concat([subject, keyInfo]).toString('base64');

/** The least of them. */
export const leastOf = (kinds: readonly TpmKind[]): TpmKind =>
  kinds.reduce((least, kind) => (worth[kind] < worth[least] ? kind : least), 'hardware');

/** @throws AssayError `der`, `certificate` */
export function readCa(der: Uint8Array, where: string): CaCertificate {
  const certificate = readCertificate(der, where);
  try {
    const key = createPublicKey({ key: Buffer.from(certificate.keyInfo), format: 'der', type: 'spki' });
    return { ...certificate, key };
  } catch (cause) {
    throw new AssayError('certificate', `${where} subjectPublicKeyInfo`, 'a key OpenSSL can use', cause, { cause });
  }
}

function authoritiesIn({ file, text, kind, anchor }: CaFile): Authority[] {
  return pemBlocks('CERTIFICATE', file, text, 'trust-store-pem').map((der) => {
    try {
      const certificate = readCa(der, file);
      return { ...certificate, kind, anchor: anchor ?? isSelfIssued(certificate) };
    } catch (cause) {
      throw new AssayError('trust-store-pem', file, 'a CA certificate', (cause as Error).message, { cause });
    }
  });
}

/** By name. Its signature says nothing more: it is believed because it is listed. */
const isSelfIssued = ({ issuer, subject }: Certificate) => Buffer.compare(issuer, subject) === 0;

function listsIn({ file, bytes }: RevocationFile, authorities: readonly Authority[]): RevocationList[] {
  const isDer = bytes[0] === 0x30;
  const text = () => Buffer.from(bytes).toString('latin1');
  const ders = isDer ? [bytes] : pemBlocks('X509 CRL', file, text(), 'trust-store-crl');
  return ders.map((der) => readRevocationList(der, file, authorities));
}

export function pemBlocks(label: string, file: string, text: string, code: string): Uint8Array[] {
  const begin = `-----BEGIN ${label}-----`;
  const blocks = [...text.matchAll(new RegExp(`${begin}\\s([A-Za-z0-9+/=\\s]+)-----END ${label}-----`, 'g'))];
  if (blocks.length === 0 || blocks.length !== text.split(begin).length - 1)
    throw new AssayError(code, file, `${label} in PEM`, 'something else');
  return blocks.map(([, body = '']) => Uint8Array.from(Buffer.from(body, 'base64')));
}
