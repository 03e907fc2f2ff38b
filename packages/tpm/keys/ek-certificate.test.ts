import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { openTpm } from '../index.ts';
import { startTestTpm, type TestTpm } from '../testing/test-tpm.ts';
import { certificatesIn, withoutPadding } from './ek-certificate.ts';

const der = (length: number) => {
  const head =
    length < 128 ? [0x30, length] : length < 256 ? [0x30, 0x81, length] : [0x30, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, 0x42)]);
};

test('E06 a certificate loses the zeros or ones behind it, and nothing else', () => {
  for (const length of [0, 5, 127, 128, 255, 256, 1400])
    for (const padding of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(200), Buffer.alloc(200, 0xff)])
      assert.deepEqual(withoutPadding(Buffer.concat([der(length), padding]), 'NV'), der(length));
});

test('E06 what is no certificate, or has something else behind it, is refused with its place', () => {
  const refused = { code: 'tpm-ek-certificate', where: 'NV' };
  for (const contents of [
    Buffer.of(),
    Buffer.alloc(300),
    Buffer.alloc(300, 0xff),
    Buffer.of(0x30),
    Buffer.of(0x30, 0x80, 0, 0),
    Buffer.of(0x30, 0x83, 1, 0, 0),
    der(300).subarray(0, 299),
    Buffer.concat([der(300), Buffer.of(0, 1)]),
    Buffer.concat([der(300), Buffer.of(0x42)]),
  ])
    assert.throws(() => withoutPadding(contents, 'NV'), refused);
});

describe('certificates one behind the other', () => {
  test('are found with padding of either kind between and behind them', () => {
    const certificate = fc.integer({ min: 0, max: 600 }).map(der);
    const padding = fc.tuple(fc.constantFrom(0x00, 0xff), fc.nat(40)).map(([byte, count]) => Buffer.alloc(count, byte));
    fc.assert(
      fc.property(fc.array(fc.tuple(certificate, padding), { maxLength: 5 }), (all) => {
        assert.deepEqual(
          certificatesIn(Buffer.concat(all.flat())),
          all.map(([one]) => one),
        );
      }),
    );
  });

  test('end at what is neither certificate nor padding, and never fail', () => {
    for (const end of [Buffer.of(0x42), Buffer.of(0x30), Buffer.of(0x30, 0x84, 1, 1, 1, 1), der(500).subarray(0, 499)])
      assert.deepEqual(certificatesIn(Buffer.concat([der(5), der(200), end, der(5)])).slice(0, 2), [der(5), der(200)]);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (any) => void certificatesIn(any)));
  });
});

describe('the chain beside an EK certificate', () => {
  let peer: TestTpm;
  before(async () => {
    peer = await startTestTpm();
  });
  after(() => peer.stop());

  const first = 0x01c00100;
  const [one, two, three] = [der(700), der(900), der(300)];
  for (const [how, parts] of Object.entries({
    'in an index each, padded': [
      Buffer.concat([one, Buffer.alloc(60, 0xff)]),
      Buffer.concat([two, Buffer.alloc(60)]),
      three,
    ],
    'cut where an index is full': cut(Buffer.concat([one, two, three]), 500),
    'all in one index': [Buffer.concat([one, two, three, Buffer.alloc(9, 0xff)])],
  }))
    test(`is read ${how}`, async () => {
      await using tpm = await openTpm(peer.spec);
      assert.deepEqual(await tpm.readEkChain(), []);
      for (const [i, part] of parts.entries()) {
        await tpm.nvDefineSpace({ index: first + i, size: part.length });
        await tpm.nvWrite(first + i, part);
      }
      assert.deepEqual(await tpm.readEkChain(), [one, two, three]);
      for (const i of parts.keys()) await tpm.nvUndefineSpace(first + i);
    });

  test('ends before an index that was never written, may not be read or holds something else', async () => {
    await using tpm = await openTpm(peer.spec);
    const define = async (i: number, part: Uint8Array | undefined, attributes = {}) => {
      await tpm.nvDefineSpace({ index: first + i, size: part?.length ?? 10, attributes });
      if (part) await tpm.nvWrite(first + i, part);
    };
    await define(0, one);
    await define(2, three);
    for (const [part, attributes] of [
      [undefined, {}],
      [Buffer.from('no certificate'), {}],
      [two, { authRead: false, ownerRead: false, ppRead: true }],
    ] as const) {
      await define(1, part, attributes);
      assert.deepEqual(await tpm.readEkChain(), [one]);
      await tpm.nvUndefineSpace(first + 1);
    }
    assert.deepEqual(await tpm.readEkChain(), [one, three]);
    // Beyond the range of the profile nothing is looked at, and no more than eight are taken.
    await tpm.nvDefineSpace({ index: first + 0x100, size: 7 });
    await tpm.nvWrite(first + 0x100, der(5));
    await define(3, Buffer.concat(Array.from({ length: 9 }, () => der(5))));
    assert.deepEqual(await tpm.readEkChain(), [one, three, ...Array.from({ length: 6 }, () => der(5))]);
    for (const i of [0, 2, 3, 0x100]) await tpm.nvUndefineSpace(first + i);
  });

  test('an endorsement certificate is read from the high range too', async () => {
    await using tpm = await openTpm(peer.spec);
    const index = 0x01c0001c;
    await assert.rejects(tpm.readEkCertificate('rsa3072'), { code: 'tpm-no-ek-certificate', where: /0x01c0001c/ });
    await tpm.nvDefineSpace({ index, size: 1500 });
    await tpm.nvWrite(index, Buffer.concat([der(1200), Buffer.alloc(1500 - 1204, 0xff)]));
    assert.deepEqual(await tpm.readEkCertificate('rsa3072'), der(1200));
    assert.deepEqual(await tpm.ekCertificates(), ['rsa2048', 'ecc384', 'rsa3072']);
    await tpm.nvWrite(index, Buffer.of(0x42), 1400);
    await assert.rejects(tpm.readEkCertificate('rsa3072'), { code: 'tpm-ek-certificate' });
    await tpm.nvUndefineSpace(index);
  });
});

function cut(all: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.subarray(i * size, (i + 1) * size));
}
