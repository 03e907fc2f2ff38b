import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fromBase64 } from '@assay/protocol';
import { openTpm, type Tpm } from '@assay/tpm';
import { startTestTpm } from '@assay/tpm/testing';
import { enrolment } from './enrol.ts';

const derOf = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');

async function start(t: TestContext): Promise<{ tpm: Tpm; cas: Buffer[] }> {
  const swtpm = await startTestTpm();
  t.after(() => swtpm.stop());
  const tpm = await openTpm(swtpm.spec);
  t.after(() => tpm.close());
  return { tpm, cas: swtpm.ekCaPems.map(derOf) };
}

async function leave(tpm: Tpm, index: number, bytes: Uint8Array): Promise<void> {
  await tpm.nvDefineSpace({ index, size: bytes.length });
  await tpm.nvWrite(index, bytes);
}
const shown = async (tpm: Tpm) => (await enrolment(tpm)).ek_chain?.map((der) => Buffer.from(fromBase64(der, 'chain')));

test('a TPM without chain certificates shows none', async (t) => {
  const { tpm } = await start(t);
  const frame = await enrolment(tpm);
  assert.ok(!('ek_chain' in frame));
  assert.deepEqual(Buffer.from(fromBase64(frame.ek_certificate, 'x')), Buffer.from(await tpm.readEkCertificate()));
});

test('the CAs a vendor left in the TPM are shown beside its certificate', async (t) => {
  const { tpm, cas } = await start(t);
  const all = Buffer.concat(cas);
  await leave(tpm, 0x01c00100, all.subarray(0, 700)); // as vendors do: one behind the other, cut where an index ends
  await leave(tpm, 0x01c00101, Buffer.concat([all.subarray(700), Buffer.alloc(30, 0xff)]));
  assert.deepEqual(await shown(tpm), cas);
});

test('what is too large for the server to listen to is left out', async (t) => {
  const { tpm, cas } = await start(t);
  const [issuing = Buffer.of()] = cas;
  const huge = Buffer.concat([Buffer.from('30822200', 'hex'), Buffer.alloc(0x2200, 7)]);
  const all = Buffer.concat([huge, issuing]);
  for (let i = 0; i * 1024 < all.length; i++) await leave(tpm, 0x01c00100 + i, all.subarray(i * 1024, (i + 1) * 1024));
  assert.deepEqual(await shown(tpm), [issuing]);
});
