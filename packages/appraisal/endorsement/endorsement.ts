// Does a manufacturer vouch that this key is the EK of one of its TPMs? Certificate, chain, key and template together.
// Says nothing of who shows them: credential activation proves possession.
import { createHash } from 'node:crypto';
import { AssayError, decode } from '@assay/core';
import { nameOf, Public } from '@assay/tpm/structures';
import { type Certificate, type CertificateKey, readCertificate } from './certificate.ts';
import { chainOf } from './chain.ts';
import { checkEkTemplate } from './ek-template.ts';
import { checkEkExtensions } from './extensions.ts';
import type { TrustStore } from './trust-store.ts';

/** What was checked, to be kept with the host; plain JSON. */
export type Endorsement = {
  /** SHA-256 of the certificate's DER, hex. */
  ek_sha256: string;
  /** Hex TPM2B_NAME content of the EK. */
  ek_name: string;
  issuer: string;
  /** Subject of the self-signed certificate the chain ended in. */
  anchor: string;
  /** A certificate of the chain is listed as a CA of software TPMs. */
  software: boolean;
};

const where = 'EK certificate';

/**
 * @param certificate DER, claimed; padding stripped, nothing behind it
 * @param ekPublic TPMT_PUBLIC, claimed
 * @param at the certificate must be valid then; its CAs when it was issued, for they may expire before the TPMs they sold
 * @throws AssayError `ek-certificate` (malformed, or not an EK's), `ek-expired`, `ek-key-mismatch`, `ek-template`,
 *   `ek-signature`, `ek-issuer-unknown`, `ek-issuer`; `wire-…` when the public area is none
 */
export function checkEndorsement(
  certificate: Uint8Array,
  ekPublic: Uint8Array,
  store: TrustStore,
  at: Date,
): Endorsement {
  const ek = checkEkTemplate(decode(Public, ekPublic, 'EK TPMT_PUBLIC'));
  const claimed = asEkError(() => {
    const read = readCertificate(certificate, where);
    checkEkExtensions(read, where);
    return read;
  });
  checkValidity(claimed, at);
  checkSameKey(claimed.publicKey, ek);
  const { issuers, software } = chainOf(claimed, store, where);
  return {
    ek_sha256: createHash('sha256').update(certificate).digest('hex'),
    ek_name: Buffer.from(nameOf(ekPublic)).toString('hex'),
    issuer: claimed.issuerText,
    anchor: issuers.at(-1)?.subjectText ?? '',
    software,
  };
}

function checkValidity({ notBefore, notAfter }: Certificate, at: Date): void {
  if (at >= notBefore && at <= notAfter) return;
  const expected = `a time from ${notBefore.toISOString()} to ${notAfter.toISOString()}`;
  throw new AssayError('ek-expired', `${where} validity`, expected, at.toISOString());
}

const curves: Record<string, string> = {
  '1.2.840.10045.3.1.7': 'p256',
  '1.3.132.0.34': 'p384',
  '1.3.132.0.35': 'p521',
};
const coordinateBytes: Record<string, number> = { p256: 32, p384: 48, p521: 66 };

/** The certificate's key and the TPM's, byte by byte. */
function checkSameKey(key: CertificateKey, ek: ReturnType<typeof checkEkTemplate>): void {
  const same =
    ek.type === 'rsa'
      ? key.type === 'rsa' && equal(key.modulus, ek.unique) && number(key.exponent) === (ek.exponent || 65537)
      : key.type === 'ec' && curves[key.curve] === ek.curve && equal(key.point, point(ek));
  if (!same) throw new AssayError('ek-key-mismatch', `${where} subjectPublicKeyInfo`, 'the key of the EK', 'another');
}

/** Uncompressed (SEC 1, §2.3.3); a TPM may leave leading zeros of a coordinate out. */
function point({ curve, unique }: Extract<ReturnType<typeof checkEkTemplate>, { type: 'ecc' }>): Uint8Array {
  const size = coordinateBytes[curve] ?? 0;
  const padded = (value: Uint8Array) => Buffer.concat([new Uint8Array(Math.max(0, size - value.length)), value]);
  return Buffer.concat([Uint8Array.of(4), padded(unique.x), padded(unique.y)]);
}

const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const number = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum * 256 + byte, 0);

/** What is wrong with the certificate itself has one code, whatever it is. */
function asEkError<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    throw new AssayError('ek-certificate', cause.where, cause.expected, cause.got, { cause });
  }
}
