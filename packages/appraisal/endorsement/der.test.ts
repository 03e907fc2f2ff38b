import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { boolean, octetsOfBits, oidText, positiveInteger, readDer, time } from '@assay/core/der';
import fc from 'fast-check';
import { softwareTpm } from '../testing/index.ts';
import { readCertificate } from './certificate.ts';

const der = (hex: string) => readDer(Buffer.from(hex, 'hex'), 'x');
const refused = (hex: string) => assert.throws(() => der(hex), { code: 'der' }, hex);

test('lengths are definite and in their shortest form', () => {
  assert.equal(der('040100').content.length, 1);
  for (const long of ['04810100', '0482000100', '0480000000', '0485000000000100', '04', '0482ff', '04850100000000'])
    refused(long);
  assert.equal(der(`048180${'00'.repeat(128)}`).content.length, 128);
  assert.equal(der(`04820100${'00'.repeat(256)}`).content.length, 256);
  refused(`04820080${'00'.repeat(128)}`);
});

test('a length that is missing, cut short or beyond all sizes is told from content that is', () => {
  const told = (hex: string, at: number, expected: string) =>
    assert.throws(() => der(hex), { code: 'der', where: `x at byte ${at}`, expected }, hex);
  told('', 0, 'an element');
  told('04', 1, 'a length');
  for (const hex of ['0480', '0482ff', '0485ffffffffff', `04ff${'ff'.repeat(127)}`])
    told(hex, 1, 'a definite length in its shortest form');
  told('0482ffff', 0, '65535 bytes of content');
  told('0484ffffffff', 0, '4294967295 bytes of content');
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

test('a value has one encoding, and what is of another kind is none', () => {
  const refuses = (read: (element: ReturnType<typeof der>, where: string) => unknown, ...hexes: string[]) => {
    for (const hex of hexes) assert.throws(() => read(der(hex), 'x'), { code: 'der', where: /^x/ }, hex);
  };
  assert.deepEqual(positiveInteger(der('020100'), 'x'), Buffer.from('00', 'hex'));
  refuses(positiveInteger, '0200', '0202007f', '02020000', '0201ff', '040101');
  assert.equal(boolean(der('010100'), 'x'), false);
  refuses(boolean, '0100', '01020000', '0102ffff', '0101fe', '0401ff');
  assert.deepEqual(octetsOfBits(der('030200aa'), 'x'), Buffer.from('aa', 'hex'));
  refuses(octetsOfBits, '0300', '030207aa', '040200aa');
  assert.equal(oidText(der('060127'), 'x'), '0.39');
  assert.equal(oidText(der('060150'), 'x'), '2.0');
  assert.equal(oidText(der('0603810001'), 'x'), '2.48.1', 'a zero within a number is one');
  assert.equal(oidText(der('0603818001'), 'x'), '2.16305');
  assert.throws(() => oidText(undefined, 'x'), { expected: 'tag 0x6', got: 'none' });
  assert.throws(() => oidText(der('0500'), 'x'), { expected: 'tag 0x6', got: '0x5' });
  assert.equal(oidText(der(`0640${'01'.repeat(64)}`), 'x').split('.').length, 65);
  refuses(oidText, `0641${'01'.repeat(65)}`, '06028001', '0603018001', '06020181', '040127');
});

test('a time is UTC, to the second, in the one of two forms that its tag says', () => {
  const form = (tag: string, text: string) =>
    der(`${tag}${text.length.toString(16).padStart(2, '0')}${Buffer.from(text).toHex()}`);
  const reads = (tag: string, text: string) => time(form(tag, text), 'x').toISOString();
  assert.equal(reads('17', '491231235959Z'), '2049-12-31T23:59:59.000Z');
  assert.equal(reads('17', '500101000000Z'), '1950-01-01T00:00:00.000Z');
  assert.equal(reads('18', '19500101000000Z'), '1950-01-01T00:00:00.000Z');
  for (const [tag, text] of [
    ['18', '491231235959Z'],
    ['17', '20491231235959Z'],
    ['04', '491231235959Z'],
    ['04', '20491231235959Z'],
    ['17', '4912312359Z'],
    ['17', '491231235959+0000'],
    ['18', '20491231235959.5Z'],
    ['17', '490229000000Z'],
    ['18', '20490230000000Z'],
    ['18', '20490101240000Z'],
  ] as const)
    assert.throws(() => reads(tag, text), { code: 'der', where: 'x' }, `${tag} ${text}`);
  assert.throws(() => time(undefined, 'x'), { code: 'der' });
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
