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

test('devices of servers are named: NVMe, iSCSI, network, virtual disks, what a BIOS would boot', () => {
  const text = (type: number, subtype: number, body: string) => {
    const bytes = Buffer.from(body, 'hex');
    return path(Buffer.concat([Buffer.from([type, subtype, bytes.length + 4, 0]), bytes]).toString('hex'));
  };
  assert.equal(text(3, 23, '010000000025385881b0f0a1'), 'NVMe(0x1,0025385881b0f0a1)');
  assert.equal(text(3, 19, `0000000000000000000000000100${Buffer.from('iqn.x').toString('hex')}`), 'iSCSI(iqn.x,0x0)');
  assert.equal(text(3, 20, '6400'), 'Vlan(100)');
  assert.equal(
    text(3, 13, `${'00'.repeat(16)}20010db8${'00'.repeat(11)}01`),
    'IPv6(2001:0db8:0000:0000:0000:0000:0000:0001)',
  );
  assert.equal(text(2, 1, 'd041080a01000000'), 'PcieRoot(0x1)');
  assert.equal(text(5, 1, '02000000566400'), 'BBS(0x2,Vd)');
  assert.equal(text(4, 1, `01000000${'00'.repeat(16)}78563412${'00'.repeat(12)}0101`), 'HD(1,0x12345678)');
});

test('several paths are kept apart, and one without end is cut', () => {
  assert.equal(path('010106000101' + '7f010400' + '010106000202' + '7fff0400'), 'Pci(0x1,0x1),Pci(0x2,0x2)');
  const long = path('010106000101'.repeat(100));
  assert.match(long, /Pci\(0x1,0x1\)\/… \(216 more bytes\)$/);
});
