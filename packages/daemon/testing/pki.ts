// Where does a test get certificates? From a CA of its own that openssl makes in a temporary folder, gone after the tests.
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
  issue(name: string, san: string, options?: { days?: number; subject?: string }): Issued;
};

/** Another CA with each call; P-256. */
export function testPki(): TestPki {
  const folder = mkdtempSync(join(tmpdir(), 'assay-pki-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '10', '-subj', '/CN=test CA');
  return {
    folder,
    caFile: join(folder, 'ca.pem'),
    ca: readFileSync(join(folder, 'ca.pem')),
    issue(name, san, { days = 5, subject = `/CN=${name}` } = {}) {
      writeFileSync(join(folder, 'extensions'), san ? `subjectAltName=${san}\n` : 'basicConstraints=CA:FALSE\n');
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
}
