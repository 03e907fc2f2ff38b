// Quotes, and other things signed by the same key, of a real software TPM.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { PcrWish } from '@assay/protocol';
import { openTpm, type Tpm } from '@assay/tpm';
import { startTestTpm, type TestTpm } from '@assay/tpm/testing';
import { type Ak, checkAk } from './ak.ts';
import { type ClaimedQuote, verifyQuote } from './quote.ts';

const nonce = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
const wanted: PcrWish[] = [{ bank: 'sha256', pcrs: [0, 7, 16] }];
const selection = [{ hash: 'sha256' as const, pcrs: [0, 7, 16] }];
const algorithms = ['ecc256', 'rsa2048'] as const;
const index = 0x01400001;

let swtpm: TestTpm;
let tpm: Tpm;
before(async () => {
  swtpm = await startTestTpm();
  tpm = await openTpm(swtpm.spec);
});
after(async () => {
  await tpm?.close();
  await swtpm?.stop();
});

const verify = ({ attest, signature }: { attest: Uint8Array; signature: Uint8Array }, ak: Ak) =>
  verifyQuote({ quote: attest, signature } satisfies ClaimedQuote, ak, nonce, wanted);

for (const algorithm of algorithms)
  test(`a TPM’s own quote is accepted, ${algorithm}`, async () => {
    const key = await tpm.createAk({ algorithm });
    const quote = verify(await tpm.quote({ ak: key, nonce, selection }), checkAk(key.publicArea));
    assert.deepEqual(quote.selection, selection);
    assert.equal(quote.clockInfo.resetCount, (await tpm.readClock()).clockInfo.resetCount);
  });

for (const algorithm of algorithms)
  test(`Q02 what the same key signed of a key and of NV is no quote, ${algorithm}`, async () => {
    const key = await tpm.createAk({ algorithm });
    const ak = checkAk(key.publicArea);
    verify(await tpm.quote({ ak: key, nonce, selection }), ak);
    const certified = await tpm.certify({ ak: key, key, nonce });
    assert.throws(() => verify(certified, ak), { code: 'quote-type' });
    await tpm.nvDefineSpace({ index, size: 64 });
    // What an attacker writes: the body of a quote over the values of a good boot.
    const { attest } = await tpm.quote({ ak: key, nonce, selection });
    await tpm.nvWrite(index, attest.subarray(attest.length - 64));
    const stored = await tpm.nvCertify({ ak: key, index, nonce });
    await tpm.nvUndefineSpace(index);
    assert.throws(() => verify(stored, ak), { code: 'quote-type' });
  });

test('Q24 a TPM calls its key as we compute it', async () => {
  for (const algorithm of algorithms) {
    const key = await tpm.createAk({ algorithm });
    const known = await tpm.readPublic(key.handle);
    assert.deepEqual(Buffer.from(checkAk(key.publicArea).qualifiedName), Buffer.from(known?.qualifiedName ?? []));
  }
});
