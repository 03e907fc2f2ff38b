// Where does a test get certificates for TLS? From a CA of its own that openssl makes in a folder.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

export type Issued = { certFile: string; keyFile: string; cert: Buffer; key: Buffer };
export type TestPki = {
  folder: string;
  caFile: string;
  ca: Buffer;
  /** A key and a certificate by this CA; `san` as openssl writes it: `DNS:node1,IP:127.0.0.1`; empty for none. */
  issue(name: string, san: string, options?: IssueOptions): Issued;
  /** Of a server on this machine, `localhost` and 127.0.0.1; no client can use it. */
  server(): Issued;
  /** Of a compute host: exactly one SAN dNSName; no server can use it. */
  host(name: string): Issued;
};
type IssueOptions = { days?: number; subject?: string; usage?: 'serverAuth' | 'clientAuth' };

/**
 * Another CA with each call; P-256.
 * @param folder where the files go, which the caller removes; default: a temporary one, gone after the tests
 */
export function testPki(folder = temporaryFolder()): TestPki {
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '10', '-subj', '/CN=test CA');
  // The common name is not the name: whoever reads it is caught.
  const subject = '/CN=not-to-be-read';
  const pki: TestPki = {
    folder,
    caFile: join(folder, 'ca.pem'),
    ca: readFileSync(join(folder, 'ca.pem')),
    server: () => pki.issue('server', 'DNS:localhost,IP:127.0.0.1', { subject, usage: 'serverAuth' }),
    host: (name) => pki.issue(name, `DNS:${name}`, { subject, usage: 'clientAuth' }),
    issue(name, san, { days = 5, subject = `/CN=${name}`, usage } = {}) {
      const names = san ? `subjectAltName=${san}\n` : 'basicConstraints=CA:FALSE\n';
      writeFileSync(join(folder, 'extensions'), usage ? `${names}extendedKeyUsage=${usage}\n` : names);
      openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
      const signer = [
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-days',
        String(days),
        '-extfile',
        'extensions',
      ];
      openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-out', `${name}.pem`);
      const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
      return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) };
    },
  };
  return pki;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-pki-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
