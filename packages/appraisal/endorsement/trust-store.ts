// Whose word on a TPM counts? The certificates an operator listed, in two lists by what an endorsement under them is worth.
import { X509Certificate } from 'node:crypto';
import { AssayError } from '@assay/core';
import { type Certificate, readCertificate } from './certificate.ts';

/** A CA certificate: read for its fields, and as OpenSSL's object for its key. */
export type CaCertificate = Certificate & { x509: X509Certificate };

/** CA certificates by what an endorsement under them is worth. */
export type TrustStore = { readonly hardware: readonly CaCertificate[]; readonly software: readonly CaCertificate[] };

/** A file of one or more certificates in PEM. */
export type PemFile = { file: string; text: string };

/**
 * @param hardware CAs of TPM vendors: roots and what lies between them and EK certificates
 * @param software the same of software TPMs
 * @throws AssayError `trust-store-pem` naming the file
 */
export const trustStoreFrom = (hardware: readonly PemFile[], software: readonly PemFile[]): TrustStore => ({
  hardware: hardware.flatMap(certificatesOf),
  software: software.flatMap(certificatesOf),
});

const pem = /-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

function certificatesOf({ file, text }: PemFile): CaCertificate[] {
  const blocks = [...text.matchAll(pem)];
  if (blocks.length === 0 || blocks.length !== text.split('-----BEGIN CERTIFICATE-----').length - 1)
    throw new AssayError('trust-store-pem', file, 'certificates in PEM', 'something else');
  return blocks.map(([, body = '']) => {
    try {
      const der = Uint8Array.from(Buffer.from(body, 'base64'));
      const certificate = readCertificate(der, file);
      return { ...certificate, x509: new X509Certificate(der) };
    } catch (cause) {
      const got = cause instanceof AssayError ? cause.message : cause;
      throw new AssayError('trust-store-pem', file, 'a CA certificate', got, { cause });
    }
  });
}
