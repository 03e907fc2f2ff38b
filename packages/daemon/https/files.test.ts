import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { testPki } from '../testing/pki.ts';
import { readCa, readTlsFiles } from './files.ts';

const pki = testPki();
const own = pki.issue('server', 'DNS:localhost');
const other = pki.issue('other', 'DNS:other');
const junk = join(pki.folder, 'junk.pem');
writeFileSync(junk, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');

test('files that fit are read', () => {
  const files = readTlsFiles({ ...own, caFile: pki.caFile });
  assert.deepEqual([files.cert, files.key, files.ca], [own.cert, own.key, pki.ca]);
});

test('a missing file, one that is no PEM, and one that is no certificate are named', () => {
  assert.throws(() => readTlsFiles({ ...own, certFile: '/none.pem' }), { code: 'tls-file', where: '/none.pem' });
  assert.throws(() => readTlsFiles({ ...own, certFile: '/etc/passwd' }), { code: 'tls-file', where: '/etc/passwd' });
  assert.throws(() => readTlsFiles({ ...own, certFile: junk }), { code: 'tls-file', where: junk });
  assert.throws(() => readTlsFiles({ ...own, caFile: junk }), { code: 'tls-file', where: junk });
  assert.throws(() => readCa(own.keyFile), { code: 'tls-file', where: own.keyFile });
});

test('the key of another certificate is refused', () => {
  assert.throws(() => readTlsFiles({ ...own, keyFile: other.keyFile }), { code: 'tls-key', where: other.keyFile });
});

test('a key that group or others can read is refused, and its option named', () => {
  for (const mode of [0o640, 0o644]) {
    chmodSync(other.keyFile, mode);
    assert.throws(() => readTlsFiles(other), { code: 'tls-file', where: other.keyFile });
  }
  assert.throws(() => readTlsFiles({ ...other, keyOption: '[api] tls_key_file' }), {
    where: `[api] tls_key_file ${other.keyFile}`,
    hint: new RegExp(`^chmod 600 ${other.keyFile}`),
  });
});

test('a certificate out of its time is refused', () => {
  assert.throws(() => readTlsFiles(own, new Date('2200-01-01')), { code: 'tls-expired', where: own.certFile });
  assert.throws(() => readTlsFiles(own, new Date('2000-01-01')), { code: 'tls-expired', where: own.certFile });
});
