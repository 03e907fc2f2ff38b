import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AssayError, type Codec, decode, encode } from '@assay/core';
import fc from 'fast-check';
import { sampleCodecs, samples } from '../testing/samples.ts';
import { Attest } from './attest.ts';
import { CapabilityData } from './capability.ts';
import { NvPublicSized } from './nv.ts';
import { PcrSelection } from './pcr-selection.ts';
import { Public } from './public-area.ts';
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
  assert.equal(Buffer.from(quote.extraData).toString('hex'), 'abcdef0102');
  assert.deepEqual(quote.pcrSelect, [
    { hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7] },
    { hash: 'sha384', pcrs: [0, 23] },
  ]);
});

test('an attest structure that the TPM did not make does not parse', () => {
  const forged = Uint8Array.from(samples.attest.quote);
  forged[0] = 0xfe;
  assert.throws(() => decode(Attest, forged, 'TPMS_ATTEST'), { code: 'wire-value', where: /magic/ });
});

test('a bit that no attribute has is refused', () => {
  const changed = Uint8Array.from(samples.public.eccAk);
  changed[4] = 0x80;
  assert.throws(() => decode(Public, changed, 'TPMT_PUBLIC'), { code: 'wire-value', where: /attributes/ });
});

function onlyAssayErrors(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
  }
}
