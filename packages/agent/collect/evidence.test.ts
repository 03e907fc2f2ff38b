import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { decode } from '@assay/core';
import { systemClock } from '@assay/daemon';
import { type Challenge, fromBase64, toBase64 } from '@assay/protocol';
import { openTpm, type Tpm } from '@assay/tpm';
import { Attest, type HashName, pcrDigest } from '@assay/tpm/structures';
import { startTestTpm } from '@assay/tpm/testing';
import { collectEvidence } from './evidence.ts';

const challenge: Challenge = {
  type: 'challenge',
  challenge: '00000000-0000-4000-8000-000000000000',
  nonce: toBase64(new Uint8Array(32).fill(1)),
  pcrs: [{ bank: 'sha256', pcrs: [0, 4, 10] }],
};

/** A TPM into which IMA measures a file right after each of so many quotes. */
async function busyTpm(t: TestContext, files: number): Promise<{ tpm: Tpm; quotes(): number }> {
  const swtpm = await startTestTpm();
  t.after(() => swtpm.stop());
  const real = await openTpm(swtpm.spec);
  t.after(() => real.close());
  let quotes = 0;
  const quote: Tpm['quote'] = async (what) => {
    const quoted = await real.quote(what);
    if (quotes++ < files) await real.pcrExtend(10, { sha256: new Uint8Array(32).fill(quotes) });
    return quoted;
  };
  const tpm = new Proxy(real, {
    get(of, name) {
      const member = Reflect.get(of, name, of);
      return name === 'quote' ? quote : typeof member === 'function' ? member.bind(of) : member;
    },
  });
  return { tpm, quotes: () => quotes };
}

function logs(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-collect-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const event_log = join(folder, 'boot-log');
  writeFileSync(event_log, 'log');
  return { event_log, ima_log: join(folder, 'none') };
}

test('the PCR values sent are those of the quote, also while the host measures', async (t) => {
  const { tpm, quotes } = await busyTpm(t, 3);
  const { quote, pcr_values = [] } = await collectEvidence(challenge, tpm, logs(t), systemClock);
  const attest = decode(Attest, fromBase64(quote, 'quote'), 'TPMS_ATTEST');
  assert.equal(attest.type, 'quote');
  const values = new Map(pcr_values.map(({ pcr, value }) => [pcr, Buffer.from(value, 'hex')]));
  const selection = [{ hash: 'sha256' as HashName, pcrs: [0, 4, 10] }];
  assert.deepEqual(Buffer.from(attest.pcrDigest), Buffer.from(pcrDigest(selection, { sha256: values }, 'sha256')));
  assert.equal(quotes(), 4);
});

test('a host that measures without a pause says so instead of sending what cannot be proven', async (t) => {
  const { tpm } = await busyTpm(t, Infinity);
  await assert.rejects(collectEvidence(challenge, tpm, logs(t), systemClock), { code: 'agent-pcrs-changing' });
});

test('a host without asset tags is asked for nothing of its NV', async (t) => {
  const { tpm } = await busyTpm(t, 0);
  const used: string[] = [];
  const watched: Tpm = new Proxy(tpm, {
    get(of: Tpm, name) {
      used.push(String(name));
      return Reflect.get(of, name, of);
    },
  });
  await collectEvidence(challenge, watched, logs(t), systemClock);
  assert.deepEqual(
    used.filter((name) => name.startsWith('nv')),
    [],
  );
});
