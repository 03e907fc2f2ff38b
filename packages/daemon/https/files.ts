// Are the certificate, key and CA files fit to serve with? Asked at start, so that the first client is not the one to find out.
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AssayError } from '@assay/core';
import { placeOf, readPrivate } from '../private-file.ts';

export type TlsFiles = { cert: Buffer; key: Buffer; ca?: Buffer };

/**
 * @param files `keyOption` names the key file in errors: `[api] tls_key_file`
 * @param now the certificate must be valid then
 * @throws AssayError `tls-file` (missing, unreadable, not PEM, key readable by group or others), `tls-key` (does not belong to the
 * certificate), `tls-expired`
 */
export function readTlsFiles(
  files: { certFile: string; keyFile: string; keyOption?: string | undefined; caFile?: string | undefined },
  now = new Date(),
): TlsFiles {
  const cert = readPem(files.certFile, 'a certificate');
  const key = readKey(files.keyFile, files.keyOption);
  const keyPlace = placeOf(files.keyFile, files.keyOption);
  const certificate = parsed(files.certFile, 'a certificate in PEM', () => new X509Certificate(cert));
  const privateKey = parsed(keyPlace, 'a private key in PEM without passphrase', () => createPrivateKey(key));
  if (!samePublicKey(certificate.publicKey, privateKey))
    throw new AssayError('tls-key', keyPlace, `the key of ${files.certFile}`, 'another key');
  if (now > certificate.validToDate || now < certificate.validFromDate) {
    const got = `one valid from ${certificate.validFromDate.toISOString()} to ${certificate.validToDate.toISOString()}`;
    throw new AssayError('tls-expired', files.certFile, `a certificate valid at ${now.toISOString()}`, got, {
      hint: 'issue a new one, or set the clock right',
    });
  }
  return files.caFile === undefined ? { cert, key } : { cert, key, ca: readCa(files.caFile) };
}

/** CA certificates, one or more, as PEM. @throws AssayError `tls-file` */
export function readCa(file: string): Buffer {
  const pem = readPem(file, 'CA certificates');
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new AssayError('tls-file', file, 'CA certificates in PEM', 'no certificate');
  for (const block of blocks) parsed(file, 'CA certificates in PEM', () => new X509Certificate(block));
  return pem;
}

function readKey(file: string, option: string | undefined): Buffer {
  const what = 'a private key';
  return inPem(readPrivate(file, { what, code: 'tls-file', option }), placeOf(file, option), what);
}

/** A PEM file's bytes. @throws AssayError `tls-file` */
export function readPem(file: string, what: string): Buffer {
  try {
    return inPem(readFileSync(file), file, what);
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    throw new AssayError('tls-file', file, `${what} that can be read`, (cause as NodeJS.ErrnoException).code, {
      cause,
    });
  }
}

function inPem(pem: Buffer, where: string, what: string): Buffer {
  if (!pem.includes('-----BEGIN ')) throw new AssayError('tls-file', where, `${what} in PEM`, 'something else');
  return pem;
}

function parsed<T>(where: string, expected: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new AssayError('tls-file', where, expected, cause, { cause });
  }
}

function samePublicKey(one: KeyObject, privateKey: KeyObject): boolean {
  const der = (key: KeyObject) => key.export({ type: 'spki', format: 'der' });
  return der(one).equals(der(createPublicKey(privateKey)));
}
