import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AssayError, type Codec, decode, encode } from '@assay/core';
import fc from 'fast-check';
import { sampleCodecs, samples } from '../testing/samples.ts';
import { Attest } from './attest.ts';
import { CapabilityData } from './capability.ts';
import { CreationData } from './creation.ts';
import { IdObject } from './credential-blob.ts';
import { NvPublicSized } from './nv.ts';
import { PcrSelection } from './pcr-selection.ts';
import { Public, PublicParms } from './public-area.ts';
import { Authorization } from './session.ts';
import { Signature } from './signature.ts';

const all = Object.entries(samples).flatMap(([kind, byName]) =>
  Object.entries(byName).map(([name, bytes]) => ({
    name: `${kind} ${name}`,
    bytes: bytes as Uint8Array,
    codec: sampleCodecs[kind as keyof typeof sampleCodecs] as Codec<unknown>,
  })),
);

describe('what a TPM made', () => {
  for (const { name, bytes, codec } of all) {
    test(`${name} is read and written back byte for byte`, () => {
      assert.deepEqual(encode(codec, decode(codec, bytes, name)), bytes);
    });
    test(`${name} cut short anywhere is refused with the place`, () => {
      for (let end = 0; end < bytes.length; end++)
        assert.throws(() => decode(codec, bytes.subarray(0, end), 'S'), {
          name: 'AssayError',
          code: /^wire-/,
          where: /^S.* at byte \d+$/,
        });
      assert.throws(() => decode(codec, Buffer.concat([bytes, Buffer.of(0)]), 'S'), { code: 'wire-trailing' });
    });
  }
});

describe('any bytes', () => {
  const codecs: Record<string, Codec<unknown>> = {
    Public,
    Attest,
    Signature,
    PcrSelection,
    NvPublicSized,
    CapabilityData,
    PublicParms,
    CreationData,
    IdObject,
    Authorization,
  };
  for (const [name, codec] of Object.entries(codecs))
    test(`give a ${name} or an AssayError`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 120 }), (any) => onlyAssayErrors(() => decode(codec, any, name))),
      );
    });
  test('as a change in a real structure give a structure that is written back alike, or an AssayError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        ({ bytes, codec }, changes) => {
          const changed = Uint8Array.from(bytes);
          for (const [at, byte] of changes) changed[at % changed.length] = byte;
          onlyAssayErrors(() => assert.deepEqual(encode(codec, decode(codec, changed, 'S')), changed));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('a quote says what the TPM was asked', () => {
  const quote = decode(Attest, samples.attest.quote, 'TPMS_ATTEST');
  assert.ok(quote.type === 'quote');
  assert.equal(quote.extraData.toHex(), 'abcdef0102');
  assert.deepEqual(quote.pcrSelect, [
    { hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7] },
    { hash: 'sha384', pcrs: [0, 23] },
  ]);
});

test('Q01 an attest structure that the TPM did not make does not parse', () => {
  for (const [type, honest] of Object.entries(samples.attest)) {
    assert.equal(decode(Attest, honest, 'TPMS_ATTEST').magic, 'generated', type);
    for (let at = 0; at < 4; at++) {
      const forged = Uint8Array.from(honest);
      forged[at] = (forged[at] ?? 0) ^ 1;
      assert.throws(() => decode(Attest, forged, 'TPMS_ATTEST'), {
        code: 'wire-value',
        where: 'TPMS_ATTEST.magic at byte 0',
        expected: 'generated',
      });
    }
  }
});

test('Q22 a public area is read whole: nothing behind it, no length beyond it, no field longer than its limit', () => {
  const honest = samples.public.rsaSsa;
  const area = decode(Public, honest, 'AK');
  assert.ok(area.type === 'rsa' && area.unique.length === 256);
  const lengthAt = honest.length - 258;
  const withLength = (length: number, tail: Uint8Array) =>
    Buffer.concat([honest.subarray(0, lengthAt), Buffer.of(length >> 8, length & 255), tail]);
  const tail = honest.subarray(lengthAt + 2);
  assert.deepEqual(withLength(256, tail), Buffer.from(honest));
  for (const [hostile, code, where] of [
    [Buffer.concat([honest, Buffer.of(0)]), 'wire-trailing', `AK at byte ${honest.length}`],
    [withLength(255, tail), 'wire-trailing', `AK at byte ${honest.length - 1}`],
    [withLength(257, tail), 'wire-short', `AK.unique at byte ${lengthAt + 2}`],
    [withLength(0xffff, tail), 'wire-long', `AK.unique at byte ${lengthAt}`],
    [withLength(513, Buffer.alloc(513, 1)), 'wire-long', `AK.unique at byte ${lengthAt}`],
  ] as const)
    assert.throws(() => decode(Public, hostile, 'AK'), { name: 'AssayError', code, where });
});

test('Q23 a quote is read field by field to its end, whatever bytes its fields hold', () => {
  const honest = decode(Attest, samples.attest.quote, 'TPMS_ATTEST');
  assert.ok(honest.type === 'quote');
  // The nonce looks like the rest of another quote: nothing is found by looking for it.
  const selection = encode(PcrSelection, [{ hash: 'sha1', pcrs: [23] }]);
  const decoy = Buffer.concat([Buffer.from('ff5443478018', 'hex'), selection, Buffer.alloc(40)]).subarray(0, 66);
  const written = encode(Attest, { ...honest, extraData: decoy });
  const read = decode(Attest, written, 'TPMS_ATTEST');
  assert.ok(read.type === 'quote');
  assert.deepEqual(read.pcrSelect, honest.pcrSelect);
  assert.deepEqual(Buffer.from(read.pcrDigest), Buffer.from(honest.pcrDigest));
  for (const more of [Buffer.of(0), Buffer.from(samples.attest.quote), selection])
    assert.throws(() => decode(Attest, Buffer.concat([written, more]), 'TPMS_ATTEST'), {
      code: 'wire-trailing',
      where: `TPMS_ATTEST at byte ${written.length}`,
      expected: 'the end',
    });
});

test('a selection of PCRs has one form: no byte more than it needs', () => {
  const selected = (...bitmap: number[]) => Buffer.from([0, 0, 0, 1, 0, 0x0b, bitmap.length, ...bitmap]);
  assert.deepEqual(decode(PcrSelection, selected(1, 0, 0x80), 'S'), [{ hash: 'sha256', pcrs: [0, 23] }]);
  assert.deepEqual(decode(PcrSelection, selected(0, 0, 0, 0x80), 'S'), [{ hash: 'sha256', pcrs: [31] }]);
  for (const bitmap of [[], [1], [1, 0], [1, 0, 0, 0]])
    assert.throws(() => decode(PcrSelection, selected(...bitmap), 'S'), {
      code: 'wire-value',
      where: 'S[0].pcrs at byte 6',
    });
  assert.throws(() => decode(PcrSelection, selected(1, 0, 0, 0, 1), 'S'), { code: 'wire-long' });
});

test('a bit that no attribute has is refused', () => {
  const changed = Uint8Array.from(samples.public.eccAk);
  changed[4] = 0x80;
  assert.throws(() => decode(Public, changed, 'TPMT_PUBLIC'), { code: 'wire-value', where: /attributes at byte 4$/ });
});

function onlyAssayErrors(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
  }
}
