// Are the certificate, key and CA files fit to serve with? Asked at start, so that the first client is not the one to find out.
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { AssayError } from '@assay/core';

export type TlsFiles = { cert: Buffer; key: Buffer; ca?: Buffer };

/**
 * @param now the certificate must be valid then
 * @throws AssayError `tls-file` (missing, unreadable, not PEM, key readable by others), `tls-key` (does not belong to the
 * certificate), `tls-expired`
 */
export function readTlsFiles(
  files: { certFile: string; keyFile: string; caFile?: string | undefined },
  now = new Date(),
): TlsFiles {
  const cert = readPem(files.certFile, 'a certificate');
  const key = readKey(files.keyFile);
  const certificate = parsed(files.certFile, 'a certificate in PEM', () => new X509Certificate(cert));
  const privateKey = parsed(files.keyFile, 'a private key in PEM without passphrase', () => createPrivateKey(key));
  if (!samePublicKey(certificate.publicKey, privateKey))
    throw new AssayError('tls-key', files.keyFile, `the key of ${files.certFile}`, 'another key');
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

/** A private key as PEM, whose file others must not be able to read. @throws AssayError `tls-file` */
export function readKey(file: string): Buffer {
  const key = readPem(file, 'a private key');
  const mode = statSync(file).mode & 0o777;
  if (mode & 0o007)
    throw new AssayError(
      'tls-file',
      file,
      'a key that others cannot read',
      `mode ${mode.toString(8).padStart(4, '0')}`,
      {
        hint: 'chmod 0600 it, and replace the key if others have been on this machine',
      },
    );
  return key;
}

/** A PEM file's bytes. @throws AssayError `tls-file` */
export function readPem(file: string, what: string): Buffer {
  let pem: Buffer;
  try {
    pem = readFileSync(file);
  } catch (cause) {
    throw new AssayError('tls-file', file, `${what} that can be read`, (cause as NodeJS.ErrnoException).code, {
      cause,
    });
  }
  if (!pem.includes('-----BEGIN ')) throw new AssayError('tls-file', file, `${what} in PEM`, 'something else');
  return pem;
}

function parsed<T>(file: string, expected: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new AssayError('tls-file', file, expected, cause, { cause });
  }
}

function samePublicKey(one: KeyObject, privateKey: KeyObject): boolean {
  const der = (key: KeyObject) => key.export({ type: 'spki', format: 'der' });
  return der(one).equals(der(createPublicKey(privateKey)));
}
