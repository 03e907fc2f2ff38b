// Does a certificate come from somebody in the store? A path of signatures to a self-signed certificate an operator listed;
// nothing a host sends is ever part of it but the certificate itself.
import { X509Certificate } from 'node:crypto';
import { AssayError } from '@assay/core';
import type { Certificate } from './certificate.ts';
import { basicConstraints, keyUsage, refuseUnknownCritical } from './extensions.ts';
import type { CaCertificate, TrustStore } from './trust-store.ts';

/** Issuer first, self-signed anchor last. `software`: some of them is listed as a CA of software TPMs. */
export type Chain = { issuers: readonly CaCertificate[]; software: boolean };

const longestChain = 5;

/** Signatures an EK certificate may have: nothing with SHA-1 (RFC 8017, RFC 5758). */
const strong = [
  '1.2.840.113549.1.1.10', // RSASSA-PSS
  '1.2.840.113549.1.1.11', // RSA with SHA-256, -384, -512
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2', // ECDSA with SHA-256, -384, -512
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
];

/**
 * @throws AssayError `ek-issuer-unknown` when no path ends in the store, `ek-issuer` when one does whose certificates
 *   may not do what they did, `ek-signature` for a weak signature
 */
export function chainOf(certificate: Certificate, store: TrustStore, where: string): Chain {
  if (!strong.includes(certificate.signatureAlgorithm))
    throw new AssayError('ek-signature', where, 'a signature with SHA-256 or better', certificate.signatureAlgorithm);
  const known = [...store.software, ...store.hardware];
  const issuers = pathFrom({ ...certificate, x509: opened(certificate, where) }, known, [], certificate.notBefore);
  return { issuers, software: issuers.some((issuer) => store.software.includes(issuer)) };
}

type Signed = Certificate & { x509: X509Certificate };

/** The first whole path. Several may issue under one name and key, as renewed CAs do; then the last failure is told. */
function pathFrom(current: Signed, known: readonly CaCertificate[], below: CaCertificate[], at: Date): CaCertificate[] {
  let failure = unknownIssuer(current);
  if (below.length === longestChain) throw failure;
  for (const issuer of known)
    if (issued(issuer, current) && !below.includes(issuer))
      try {
        mayIssue(issuer, below.length, at);
        const path = [...below, issuer];
        return issued(issuer, issuer) ? path : pathFrom(issuer, known, path, at);
      } catch (error) {
        if (!(error instanceof AssayError)) throw error;
        failure = error;
      }
  throw failure;
}

/** By name and by signature; what OpenSSL cannot verify was not issued. */
function issued(issuer: CaCertificate, { issuer: name, x509 }: Signed): boolean {
  if (Buffer.compare(issuer.subject, name) !== 0) return false;
  try {
    return x509.verify(issuer.x509.publicKey);
  } catch {
    return false;
  }
}

function opened({ der }: Certificate, where: string): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new AssayError('ek-certificate', where, 'a certificate OpenSSL can read', cause, { cause });
  }
}

function unknownIssuer({ issuerText, subjectText }: Certificate): AssayError {
  return new AssayError(
    'ek-issuer-unknown',
    `certificate of ${subjectText}`,
    'an issuer in the trust store',
    issuerText,
    {
      hint: 'put the TPM vendor’s CA certificates into ek_ca_dir, those of a software TPM into software_tpm_ca_dir',
    },
  );
}

/** @param below CA certificates between this one and the EK certificate  @param at when the EK certificate was issued */
function mayIssue(issuer: CaCertificate, below: number, at: Date): void {
  const where = `CA certificate ${issuer.subjectText}`;
  const bad = (expected: string, got: unknown) => new AssayError('ek-issuer', where, expected, got);
  const { pathLength, ca, signs } = issuerExtensions(issuer, where);
  if (!ca) throw bad('a CA (basicConstraints)', 'none');
  if (pathLength !== undefined && below > pathLength) throw bad(`at most ${pathLength} CAs below it`, below);
  if (!signs) throw bad('a key that signs certificates', 'another use');
  const days = `${issuer.notBefore.toISOString()} to ${issuer.notAfter.toISOString()}`;
  if (at < issuer.notBefore || at > issuer.notAfter)
    throw bad(`valid when the EK certificate was issued, ${at.toISOString()}`, days);
}

/** `signs` also where no extension says what the key is for. @throws AssayError `ek-issuer` */
function issuerExtensions(issuer: CaCertificate, where: string) {
  try {
    refuseUnknownCritical(issuer, where);
    return { ...basicConstraints(issuer, where), signs: keyUsage(issuer, where)?.may('keyCertSign') ?? true };
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    throw new AssayError('ek-issuer', cause.where, cause.expected, cause.got, { cause });
  }
}
