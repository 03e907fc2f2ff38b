// A certificate authority for tests, made by the openssl command: server certificates, and client certificates that name a host.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Issued = { certFile: string; keyFile: string };
export type TestCa = {
  caFile: string;
  /** For `localhost` and 127.0.0.1. */
  server(): Issued;
  /** Exactly one SAN dNSName: the host's. */
  host(name: string): Issued;
};

/** @param folder where the files go; the caller removes it */
export function testCa(folder: string, name = 'Test CA'): TestCa {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const file = (base: string) => join(folder, base);
  const key = (base: string) =>
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', base);
  key('ca-key.pem');
  openssl('req', '-x509', '-new', '-key', 'ca-key.pem', '-subj', `/CN=${name}`, '-days', '2', '-out', 'ca.pem');
  const issue = (base: string, extensions: string): Issued => {
    key(`${base}-key.pem`);
    writeFileSync(file(`${base}.ext`), extensions);
    openssl('req', '-new', '-key', `${base}-key.pem`, '-subj', '/CN=not-to-be-read', '-out', `${base}.csr`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${base}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca-key.pem',
      '-days',
      '2',
      '-extfile',
      `${base}.ext`,
      '-out',
      `${base}.pem`,
    );
    return { certFile: file(`${base}.pem`), keyFile: file(`${base}-key.pem`) };
  };
  return {
    caFile: file('ca.pem'),
    server: () => issue('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n'),
    host: (host) => issue(host, `subjectAltName=DNS:${host}\nextendedKeyUsage=clientAuth\n`),
  };
}

export const pem = (file: string): string => readFileSync(file, 'utf8');
