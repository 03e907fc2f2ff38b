import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { AssayError, encode } from '@assay/core';
import { corpusLog } from '@assay/measurement/testing';
import { fromBase64, type PcrWish } from '@assay/protocol';
import { type PcrSelection, Public } from '@assay/tpm/structures';
import fc from 'fast-check';
import { type EvidenceWish, makeEvidence, rsaAkPublic, softwareTpm } from '../testing/index.ts';
import { checkAk, endorsementPrimaryName } from './ak.ts';
import { verifyQuote } from './quote.ts';

const tpm = softwareTpm();
const nonce = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);
const log = corpusLog('ovmf-linux-6.1');
const ak = checkAk(tpm.akPublic);
const wanted: PcrWish[] = [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }];

const verify = (wish: Partial<EvidenceWish> = {}, pcrs: readonly PcrWish[] = wanted, key = ak) => {
  const evidence = makeEvidence({ akKey: tpm.akKey, nonce, log, wanted: pcrs, ...wish });
  const claimed = {
    quote: fromBase64(evidence.quote, 'quote'),
    signature: fromBase64(evidence.signature, 'signature'),
  };
  return verifyQuote(claimed, key, nonce, pcrs);
};
const refuses = (code: string, wish: Partial<EvidenceWish>, pcrs?: readonly PcrWish[]) =>
  assert.throws(() => verify(wish, pcrs), { code });

test('an honest quote gives what the TPM said', () => {
  const quote = verify({ clockInfo: { clock: 5n, resetCount: 7, restartCount: 2, safe: false }, firmwareVersion: 9n });
  assert.deepEqual(quote.clockInfo, { clock: 5n, resetCount: 7, restartCount: 2, safe: false });
  assert.deepEqual(quote.selection, [{ hash: 'sha256', pcrs: wanted[0]?.pcrs }]);
  assert.equal(quote.firmwareVersion, 9n);
  assert.equal(quote.hash, 'sha256');
});

test('Q01 a structure that no TPM made is refused, its signature notwithstanding', () => {
  verify({ magic: 0xff544347 });
  for (const magic of [0xff544346, 0, 0x47435 /* no one's */]) refuses('quote-magic', { magic });
});

test('Q02 only a quote is a quote', () => {
  verify({ type: 0x8018 });
  for (const type of [0x8014, 0x8016, 0x8017, 0x8019, 0x801a, 0x801c, 0x8000, 0]) refuses('quote-type', { type });
});

test('Q03 the nonce is exactly that of the challenge', () => {
  verify();
  const other = Uint8Array.from(nonce, (byte) => byte ^ 1);
  for (const said of [other, nonce.subarray(0, 31), Buffer.concat([nonce, new Uint8Array(1)]), new Uint8Array()])
    refuses('quote-nonce', { nonce: said });
  const empty = makeEvidence({ akKey: tpm.akKey, nonce: new Uint8Array(), log });
  const claimed = { quote: fromBase64(empty.quote, 'q'), signature: fromBase64(empty.signature, 's') };
  assert.throws(() => verifyQuote(claimed, ak, new Uint8Array(), wanted), { code: 'quote-nonce' });
});

test('Q07 a quote over fewer PCRs than asked for is refused, and over more or over others as well', () => {
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  verify({ selection: [{ hash: 'sha256', pcrs: all }] });
  const wrong: PcrSelection[] = [
    [],
    [{ hash: 'sha256', pcrs: [] }],
    [{ hash: 'sha256', pcrs: all.slice(1) }],
    [{ hash: 'sha256', pcrs: [...all, 10] }],
    ...all.map((pcr): PcrSelection => [{ hash: 'sha256', pcrs: [...all.filter((one) => one !== pcr), 16] }]),
    [{ hash: 'sha384', pcrs: all }],
  ];
  for (const selection of wrong) refuses('quote-selection', { selection });
  assert.throws(() => verify({ selection: [] }, []), { code: 'quote-selection' });
});

test('Q10 banks are quoted in the order asked for, each once', () => {
  const [first, second] = [{ bank: 'sha256', pcrs: [0] } as const, { bank: 'sha384', pcrs: [0] } as const];
  verify({}, [first, second] as never);
  const turned: PcrSelection = [
    { hash: 'sha384', pcrs: [0] },
    { hash: 'sha256', pcrs: [0] },
  ];
  assert.throws(() => verify({ selection: turned }, [first, second] as never), { code: 'quote-selection' });
  const twice: PcrSelection = [
    { hash: 'sha256', pcrs: [0] },
    { hash: 'sha256', pcrs: [0] },
  ];
  assert.throws(() => verify({ selection: twice }, [first] as never), { code: 'quote-selection' });
  assert.throws(() => verify({}, [first, first] as never), { code: 'quote-selection' });
});

test('Q14 a signature over SHA-1 is refused', () => {
  verify({ hash: 'sha256' });
  refuses('quote-scheme', { hash: 'sha1' });
  refuses('quote-scheme', { hash: 'sha384' });
});

test('Q15 a signature of another kind of key is refused without a crash', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const rsaAk = checkAk(encode(Public, rsaAkPublic(rsa.publicKey)));
  assert.equal(verify({ akKey: rsa.privateKey }, wanted, rsaAk).hash, 'sha256');
  refuses('quote-scheme', { akKey: rsa.privateKey });
  assert.throws(() => verify({}, wanted, rsaAk), { code: 'quote-scheme' });
});

test('Q17 r and s outside their range are refused, short forms of them accepted', () => {
  const withInts = (r: Uint8Array, s: Uint8Array) => ({
    afterSigning: ({ quote, signature }: { quote: Uint8Array; signature: Uint8Array }) => ({
      quote,
      signature: Buffer.concat([signature.subarray(0, 4), sized(r), sized(s)]),
    }),
  });
  const sized = (value: Uint8Array) => Buffer.concat([Uint8Array.of(0, value.length), value]);
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  for (const bad of [new Uint8Array(32), order, new Uint8Array(33).fill(1), new Uint8Array(), Buffer.alloc(32, 0xff)])
    refuses('quote-signature', withInts(bad, bad));
  for (let tries = 0; ; tries++) {
    // An honest r now and then begins with a zero byte, which a TPM may leave out.
    assert.ok(tries < 5000);
    let short = false;
    verify({
      afterSigning: ({ quote, signature }) => {
        const [r, s] = [signature.subarray(6, 38), signature.subarray(40)];
        short = r[0] === 0;
        return {
          quote,
          signature: Buffer.concat([signature.subarray(0, 4), sized(short ? r.subarray(1) : r), sized(s)]),
        };
      },
    });
    if (short) break;
  }
});

test('Q21 a quote by any other key is refused', () => {
  verify();
  refuses('quote-signature', { akKey: softwareTpm().akKey });
});

test('Q23 nothing may stand behind the quote or its signature, nothing be missing', () => {
  const more = (bytes: Uint8Array) => Buffer.concat([bytes, Uint8Array.of(0)]);
  refuses('quote-malformed', { beforeSigning: more });
  refuses('quote-malformed', { beforeSigning: (attest) => attest.subarray(0, -1) });
  refuses('quote-malformed', { beforeSigning: (attest) => attest.subarray(0, 5) });
  refuses('quote-malformed', { afterSigning: (parts) => ({ ...parts, signature: more(parts.signature) }) });
  refuses('quote-malformed', { afterSigning: (parts) => ({ ...parts, signature: parts.signature.subarray(0, -1) }) });
});

test('a fault of ours is not taken for a malformed quote', () => {
  const claimed = {
    quote: new Uint8Array(),
    get signature(): Uint8Array {
      throw new RangeError('a fault');
    },
  };
  assert.throws(() => verifyQuote(claimed, ak, nonce, wanted), RangeError);
});

test('Q09 a quote over the same PCRs is one quote, in whichever order they were asked for', () => {
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const honest = makeEvidence({ akKey: tpm.akKey, nonce, log });
  const claimed = { quote: fromBase64(honest.quote, 'q'), signature: fromBase64(honest.signature, 's') };
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: 10 }), fc.subarray(all), (order, twice) => {
      const quote = verifyQuote(claimed, ak, nonce, [{ bank: 'sha256', pcrs: [...order, ...twice] }]);
      assert.deepEqual(quote.selection, [{ hash: 'sha256', pcrs: all }]);
    }),
  );
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: 1, maxLength: 9 }), (fewer) => {
      const asked: PcrWish[] = [{ bank: 'sha256', pcrs: fewer }];
      assert.throws(() => verifyQuote(claimed, ak, nonce, asked), { code: 'quote-selection' });
    }),
  );
});

test('Q12 a quote over the SHA-1 bank, alone or first, is refused', () => {
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  verify({ selection: [{ hash: 'sha256', pcrs: all }] });
  refuses('quote-selection', { selection: [{ hash: 'sha1', pcrs: all }] });
  for (const hash of ['sha1', 'sha256'] as const)
    refuses('quote-selection', {
      selection: [
        { hash, pcrs: all },
        { hash: hash === 'sha1' ? 'sha256' : 'sha1', pcrs: all },
      ],
    });
});

test('Q24 the key that signed calls itself by its place under the endorsement hierarchy', () => {
  verify({ qualifiedSigner: ak.qualifiedName });
  verify({}, wanted, { ...ak, qualifiedName: endorsementPrimaryName(ak.name, 'sha256') });
  const signers = [
    ak.name, // as if it had no parent
    endorsementPrimaryName(softwareTpm().akName, 'sha256'),
    endorsementPrimaryName(ak.qualifiedName, 'sha256'), // a key under this one
    ak.qualifiedName.subarray(0, 33),
    Buffer.concat([ak.qualifiedName, Uint8Array.of(0)]),
    new Uint8Array(),
  ];
  for (const qualifiedSigner of signers) refuses('quote-signer', { qualifiedSigner });
});

test('any change of any byte of quote or signature is refused with a code', () => {
  const honest = makeEvidence({ akKey: tpm.akKey, nonce, log });
  const parts = { quote: fromBase64(honest.quote, 'q'), signature: fromBase64(honest.signature, 's') };
  verifyQuote(parts, ak, nonce, wanted);
  const changed = (field: 'quote' | 'signature', at: number, mask: number) => {
    const bytes = Uint8Array.from(parts[field]);
    bytes[at] = (bytes[at] ?? 0) ^ mask;
    return { ...parts, [field]: bytes };
  };
  for (const field of ['quote', 'signature'] as const)
    for (let at = 0; at < parts[field].length; at++)
      assert.throws(() => verifyQuote(changed(field, at, 0x40), ak, nonce, wanted), AssayError, `${field} ${at}`);
  fc.assert(
    fc.property(
      fc.constantFrom('quote', 'signature'),
      fc.nat(1000),
      fc.integer({ min: 1, max: 255 }),
      (field, at, mask) =>
        assert.throws(() => verifyQuote(changed(field, at % parts[field].length, mask), ak, nonce, wanted), AssayError),
    ),
  );
});
