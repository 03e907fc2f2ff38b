import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { testPki } from '../testing/pki.ts';
import { hostOf } from './peer.ts';
import { subjectAltNames } from './subject-alt-names.ts';

const pki = testPki();
let issued = 0;
const der = (san: string, subject = '/CN=node9') =>
  new X509Certificate(pki.issue(`peer${issued++}`, san, { subject }).cert).raw;

test('the one DNS name is the host, whatever stands beside it', () => {
  assert.equal(hostOf(der('DNS:node1'), 'test'), 'node1');
  assert.equal(
    hostOf(der('IP:10.0.0.1,DNS:node1.example.org,URI:spiffe://x/node2,email:a@b'), 'test'),
    'node1.example.org',
  );
});

for (const [what, san] of [
  ['two DNS names', 'DNS:node1,DNS:node2'],
  ['the same DNS name twice', 'DNS:node1,DNS:node1'],
  ['no name but the common name', ''],
  ['only an address', 'IP:10.0.0.1'],
  ['a wildcard', 'DNS:*.example.org'],
  ['a name that prints like two', '@alt\n[alt]\nDNS.1 = node1, DNS:node2'],
  ['a name with a blank', 'DNS:node1 x'],
  ['a name that ends with a dot', 'DNS:node1.'],
] as const) {
  test(`a certificate with ${what} names no host`, () => {
    const bytes = der(san);
    assert.throws(() => hostOf(bytes, 'test'), { code: 'tls-peer' });
  });
}

test('a certificate cut short or changed anywhere gives its names or tls-peer', () => {
  const good = der('DNS:node1');
  for (let end = 0; end < good.length; end++) {
    assert.throws(() => hostOf(good.subarray(0, end), 'test'), { code: 'tls-peer' });
  }
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const changed = Buffer.from(good);
      changed[at] = byte;
      try {
        subjectAltNames(changed, 'test');
      } catch (error) {
        assert.ok(error instanceof AssayError && error.code === 'tls-peer', String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
