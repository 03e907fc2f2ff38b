import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { layout } from './layout.ts';
import { hostCertificate, openCa, serverCertificate } from './pki.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-pki-'));
after(() => rmSync(dir, { recursive: true }));
const fresh = () => layout(mkdtempSync(join(dir, 'lab-'))).ca;
const read = (file: string) => new X509Certificate(readFileSync(file));
const openssl = (...args: string[]) => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
const days = (count: number) => new Date(Date.now() + count * 24 * 3600 * 1000);

test('openssl agrees that a server certificate serves servers only and a host certificate clients only', async () => {
  const paths = fresh();
  const ca = await openCa(paths);
  await serverCertificate(ca, paths, 'attestation-server');
  await hostCertificate(ca, paths, 'node1');
  const verify = (purpose: string, name: string) =>
    openssl('verify', '-x509_strict', '-CAfile', paths.certificate, '-purpose', purpose, paths.certificateOf(name));
  assert.match(verify('sslserver', 'attestation-server'), /OK/);
  assert.match(verify('sslclient', 'node1'), /OK/);
  assert.throws(() => verify('sslclient', 'attestation-server'), /unsuitable certificate purpose/);
  assert.throws(() => verify('sslserver', 'node1'), /unsuitable certificate purpose/);
});

test('a host certificate carries exactly one name, a server certificate those of this machine', async () => {
  const paths = fresh();
  const ca = await openCa(paths);
  await hostCertificate(ca, paths, 'node1');
  await serverCertificate(ca, paths, 'compute-api');
  assert.equal(read(paths.certificateOf('node1')).subjectAltName, 'DNS:node1');
  assert.equal(read(paths.certificateOf('compute-api')).subjectAltName, 'DNS:localhost, IP Address:127.0.0.1');
  assert.equal(read(paths.certificate).ca, true);
});

test('private keys can be read by their owner only', async () => {
  const paths = fresh();
  const ca = await openCa(paths);
  await hostCertificate(ca, paths, 'node1');
  for (const file of [paths.key, paths.keyOf('node1')]) assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('what is fresh stays, what is about to expire is replaced under the same CA', async () => {
  const paths = fresh();
  const at = async (now: Date) => {
    const ca = await openCa(paths, now);
    await serverCertificate(ca, paths, 'metadata-api');
    return [read(paths.certificate).fingerprint256, read(paths.certificateOf('metadata-api')).fingerprint256];
  };
  const first = await at(days(-340));
  assert.deepEqual(await at(days(-40)), first);
  const later = await at(days(0));
  assert.equal(later[0], first[0]);
  assert.notEqual(later[1], first[1]);
  assert.match(openssl('verify', '-CAfile', paths.certificate, paths.certificateOf('metadata-api')), /OK/);
});

test('a CA about to expire is replaced, and all it issued with it', async () => {
  const paths = fresh();
  const old = await openCa(paths, days(-9 * 365));
  await serverCertificate(old, paths, 'metadata-api');
  const before = read(paths.certificateOf('metadata-api')).fingerprint256;
  const ca = await openCa(paths);
  await serverCertificate(ca, paths, 'metadata-api');
  assert.notEqual(read(paths.certificateOf('metadata-api')).fingerprint256, before);
  assert.match(openssl('verify', '-CAfile', paths.certificate, paths.certificateOf('metadata-api')), /OK/);
});

test('a file that is no certificate is told, not replaced', async () => {
  const paths = fresh();
  await openCa(paths);
  writeFileSync(paths.certificate, 'broken');
  await assert.rejects(openCa(paths), { code: 'lab-certificate', where: paths.certificate });
});
