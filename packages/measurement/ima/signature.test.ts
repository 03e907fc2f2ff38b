import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readImaList, readImaSignature } from '../index.ts';
import { buildIma, derSequence, honestIma, type ImaWish, imaSignature } from '../testing/index.ts';

const good = imaSignature('signed', 'a1b2c3d4');
const problemsOf = (wish: ImaWish) =>
  [...readImaList(buildIma([...honestIma('ima-sig', 0), wish]))][1]?.problems.map(({ code }) => code);
const changed = (at: number, value: number) => Object.assign(Buffer.from(good), { [at]: value });

test('a signature says in words of which kind it is and which key it claims', () => {
  assert.deepEqual(readImaSignature(good), {
    kind: 'ima',
    version: 2,
    hash: 'sha256',
    keyId: 'a1b2c3d4',
    signature: good.subarray(9),
  });
  const verity = readImaSignature(Object.assign(Buffer.from(good), { 0: 6, 1: 3 }));
  assert.ok(typeof verity === 'object' && verity.kind === 'verity' && verity.version === 3);
  const portable = readImaSignature(changed(0, 5));
  assert.ok(typeof portable === 'object' && portable.kind === 'evm-portable');
});

test('I18 a signature of the wrong size, kind, version or hash is a problem of its entry, and no more', () => {
  assert.deepEqual(problemsOf({ template: 'ima-sig', signature: good }), []);
  assert.deepEqual(problemsOf({ template: 'ima-sig', signature: new Uint8Array() }), []);
  const bad: Record<string, Buffer> = {
    'says more than is there': changed(7, 0x48),
    'says less than is there': changed(8, 1),
    'a type that is a digest': changed(0, 1),
    'version 1': changed(1, 1),
    'version 9': changed(1, 9),
    'a hash nobody has': changed(2, 200),
    'a byte too many': Buffer.concat([good, Buffer.alloc(1)]),
    'no signature': Buffer.from([3, 2, 4, 1, 2, 3, 4, 0, 0]),
    ...Object.fromEntries(Array.from(good, (_, n) => [`cut after ${n}`, good.subarray(0, n)] as const).slice(1)),
  };
  for (const [what, signature] of Object.entries(bad))
    for (const template of ['ima-sig', 'ima-modsig'] as const)
      assert.deepEqual(problemsOf({ template, signature }), ['signature'], what);
});

test('I18 an appended signature that is no DER sequence is a problem of its entry', () => {
  const digest = Buffer.alloc(32, 1);
  const of = (signature: Uint8Array) => problemsOf({ template: 'ima-modsig', modsig: { digest, signature } });
  assert.deepEqual(of(derSequence(300)), []);
  assert.deepEqual(problemsOf({ template: 'ima-modsig' }), []);
  for (const signature of [
    new Uint8Array(),
    derSequence(300).subarray(1),
    derSequence(300).subarray(0, 200),
    Buffer.from([0x30, 0x85]),
  ])
    assert.deepEqual(of(signature), ['signature']);
});

test('no bytes make the reader of signatures fail', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const read = readImaSignature(bytes);
      assert.ok(typeof read === 'string' || read.signature.length === bytes.length - 9);
    }),
  );
});
