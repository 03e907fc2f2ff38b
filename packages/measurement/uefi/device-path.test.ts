import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '@assay/core';
import fc from 'fast-check';
import { devicePathText } from './device-path.ts';
import { Guid } from './primitives.ts';

const path = (hex: string) => devicePathText(Buffer.from(hex, 'hex'));

test('a disk, a partition and a file are named as UEFI names them', () => {
  const sata = '02010c00d041030a0000000001010600000203120a00000001000000';
  assert.equal(path(`${sata}7fff0400`), 'PciRoot(0x0)/Pci(0x2,0x0)/Sata(0x0,0x0)');
  const file = '040434005c004500460049005c007500620075006e00740075005c00670072007500620078003600340';
  assert.equal(path(`${file}02e006500660069000000`.padEnd(104, '0')), '\\EFI\\ubuntu\\grubx64.efi');
});

test('what is not known or malformed is shown as bytes', () => {
  assert.equal(path('0963060001027fff0400'), 'Path(9,99,0102)');
  assert.equal(path('01010500017fff0400'), 'Path(1,1,01)');
  assert.equal(path('0101ffff'), 'Path(0101ffff)');
});

test('L19 a node that claims no length ends the path', () => {
  assert.equal(path('0101000000000000'), 'Path(0101000000000000)');
});

test('any bytes have a text, and a GUID survives being written', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof devicePathText(bytes) === 'string'));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) =>
      assert.deepEqual([...encode(Guid, decode(Guid, bytes, 'EFI_GUID'))], [...bytes]),
    ),
  );
});
