import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { softwareTpm } from '../testing/index.ts';
import { readCertificate } from './certificate.ts';
import { boolean, oidText, positiveInteger, readDer, time } from './der.ts';

const der = (hex: string) => readDer(Buffer.from(hex, 'hex'), 'x');
const refused = (hex: string) => assert.throws(() => der(hex), { code: 'der' }, hex);

test('lengths are definite and in their shortest form', () => {
  assert.equal(der('040100').content.length, 1);
  for (const long of ['04810100', '0482000100', '0480000000', '0485000000000100', '04']) refused(long);
});

test('an element ends where it says, and so do those inside it', () => {
  assert.equal(der('3003020101').children.length, 1);
  for (const wrong of ['300302010100', '3004020101', '3003020201', '1f0100', '']) refused(wrong);
});

test('nesting has an end', () => {
  let nested = '0500';
  for (let i = 0; i < 40; i++) nested = `30${(nested.length / 2).toString(16).padStart(2, '0')}${nested}`;
  refused(nested);
});

test('integers are not negative, booleans are 00 or ff, OIDs are in their shortest form', () => {
  const reads = (read: (element: ReturnType<typeof der>, where: string) => unknown, hex: string) => read(der(hex), 'x');
  assert.deepEqual(reads(positiveInteger, '02020080'), Buffer.from('80', 'hex'));
  for (const bad of ['0200', '020180', '02020001']) assert.throws(() => reads(positiveInteger, bad), { code: 'der' });
  assert.equal(reads(boolean, '0101ff'), true);
  assert.throws(() => reads(boolean, '010101'), { code: 'der' });
  assert.equal(reads(oidText, '0603551d13'), '2.5.29.19');
  assert.equal(reads(oidText, '06056781050801'), '2.23.133.8.1');
  for (const bad of ['0600', '060380551d', '0602ff']) assert.throws(() => reads(oidText, bad), { code: 'der' }, bad);
  assert.equal((reads(time, '170d3236313132333135313730345a') as Date).toISOString(), '2026-11-23T15:17:04.000Z');
  assert.equal((reads(time, '180f39393939313233313233353935395a') as Date).getUTCFullYear(), 9999);
  for (const bad of ['170d3236313333333135313730345a', '170b323631313233313531375a'])
    assert.throws(() => reads(time, bad), { code: 'der' });
});

test('a certificate cut or changed anywhere is a certificate or an AssayError', () => {
  const { ekCertificate } = softwareTpm();
  assert.equal(readCertificate(ekCertificate, 'x').issuerText, 'CN=Test TPM Vendor');
  for (let length = 0; length < ekCertificate.length; length++)
    assert.throws(() => readCertificate(ekCertificate.subarray(0, length), 'x'), AssayError);
  const at = fc.nat(ekCertificate.length - 1);
  fc.assert(
    fc.property(at, fc.integer({ min: 0, max: 255 }), (place, byte) => {
      const changed = Uint8Array.from(ekCertificate);
      changed[place] = byte;
      try {
        readCertificate(changed, 'x');
      } catch (error) {
        assert.ok(error instanceof AssayError);
      }
    }),
    { numRuns: 500 },
  );
});
