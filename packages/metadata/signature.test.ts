import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isRequestSignatureOf,
  isSignatureOf,
  readRequestSignature,
  type SignedRequest,
  signInstanceId,
  signRequest,
} from './signature.ts';

const id = '8d5f3c1e-6d1f-4e0b-9b1e-2f6d7c0a1b2c';

test('a signature is the one openssl computes', () => {
  const printed = execFileSync('openssl', ['dgst', '-sha256', '-hmac', 'a shared secret'], { input: id });
  assert.ok(String(printed).includes(signInstanceId('a shared secret', id)));
});

test('only the exact lower-case signature of this id by this secret is taken', () => {
  const signature = signInstanceId('a shared secret', id);
  assert.ok(isSignatureOf(signature, 'a shared secret', id));
  const wrong = [
    '',
    signature.toUpperCase(),
    `${signature}0`,
    signature.slice(1),
    `${signature}, ${signature}`,
    signature.replace(/^./, (first) => (first === '0' ? '1' : '0')),
    'ÿ'.repeat(64),
    '中'.repeat(64),
    signInstanceId('another secret!!', id),
    signInstanceId('a shared secret', id.toUpperCase()),
  ];
  for (const other of wrong) assert.equal(isSignatureOf(other, 'a shared secret', id), false, other);
});

const request: SignedRequest = {
  exporter: 'ab'.repeat(32),
  method: 'GET',
  path: '/openstack/latest/meta_data.json',
  instance: id,
  tenant: 'c'.repeat(32),
  forwardedFor: '10.0.0.5',
  token: '',
};
const stamp = { timeMs: 1_790_000_000_000, count: 7 };

test('a request’s signature is the one openssl computes over its lines', () => {
  const lines = ['assay-metadata-v1', request.exporter, 'POST', request.path, id, request.tenant, '10.0.0.5', 'valid'];
  const bodyHash = createHash('sha256').update('a password').digest('hex');
  const message = [...lines, bodyHash, stamp.timeMs, stamp.count].join('\n');
  const printed = execFileSync('openssl', ['dgst', '-sha256', '-hmac', 'a shared secret'], { input: message });
  const body = Buffer.from('a password');
  const header = signRequest('a shared secret', { ...request, method: 'POST', token: 'valid', body }, stamp);
  assert.match(header, /^v1 t=1790000000000 n=7 s=[0-9a-f]{64}$/);
  assert.ok(String(printed).includes(header.slice(-64)));
});

test('a request’s signature holds for exactly these fields, time, count and secret', () => {
  const header = signRequest('a shared secret', request, stamp);
  const claimed = readRequestSignature(header);
  assert.ok(claimed);
  assert.ok(isRequestSignatureOf(claimed, 'a shared secret', request));
  assert.ok(isRequestSignatureOf(claimed, 'a shared secret', { ...request, body: Buffer.alloc(0) }));
  assert.equal(isRequestSignatureOf(claimed, 'another secret!!', request), false);
  assert.equal(isRequestSignatureOf({ ...claimed, count: 8 }, 'a shared secret', request), false);
  assert.equal(isRequestSignatureOf({ ...claimed, timeMs: 1 }, 'a shared secret', request), false);
  const fields = ['exporter', 'method', 'path', 'instance', 'tenant', 'forwardedFor', 'token'] as const;
  for (const field of fields) {
    for (const changed of [`${request[field]} `, `${request[field]}\n`, 'x'])
      assert.equal(isRequestSignatureOf(claimed, 'a shared secret', { ...request, [field]: changed }), false, field);
  }
  assert.equal(isRequestSignatureOf(claimed, 'a shared secret', { ...request, body: Buffer.from('x') }), false);
});

test('no text moves from one field of a request’s signature to another', () => {
  const one = [fc.string(), fc.string(), fc.string()] as const;
  fc.assert(
    fc.property(...one, ...one, (tenant, forwardedFor, token, tenant2, forwardedFor2, token2) => {
      const [a, b] = [
        { ...request, tenant, forwardedFor, token },
        { ...request, tenant: tenant2, forwardedFor: forwardedFor2, token: token2 },
      ];
      const same = tenant === tenant2 && forwardedFor === forwardedFor2 && token === token2;
      if ([tenant, forwardedFor, token].some((text) => text.includes('\n'))) {
        assert.throws(() => signRequest('a shared secret', a, stamp), { code: 'signature-malformed' });
        return;
      }
      const claimed = readRequestSignature(signRequest('a shared secret', a, stamp));
      assert.ok(claimed);
      assert.equal(isRequestSignatureOf(claimed, 'a shared secret', b), same);
    }),
  );
});

test('what is no signature of ours is not read as one', () => {
  const header = signRequest('a shared secret', request, stamp);
  const wrong = [
    '',
    header.toUpperCase(),
    ` ${header}`,
    `${header} `,
    `${header}, ${header}`,
    header.replace('v1', 'v2'),
    header.replace('n=7', 'n=0'),
    header.replace('n=7', 'n=-1'),
    header.replace('n=7', 'n=07'),
    header.replace('n=7', 'n=7e3'),
    header.replace('n=7', `n=${'9'.repeat(16)}`),
    header.slice(0, -1),
  ];
  for (const other of wrong) assert.equal(readRequestSignature(other), undefined, other);
  fc.assert(fc.property(fc.string(), (text) => readRequestSignature(text) === undefined));
});
