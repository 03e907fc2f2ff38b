import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCa, pemOf } from '@assay/appraisal/testing';
import { AssayError } from '@assay/core';
import { corpusLog, corpusLogs } from '@assay/measurement/testing';
import { samples, startTestTpm, tpm2 } from '@assay/tpm/testing';
import fc from 'fast-check';
import { recognise } from './recognise.ts';

const kindsOf = async (bytes: Uint8Array | string) =>
  (await recognise('file', typeof bytes === 'string' ? Buffer.from(bytes) : bytes)).map(({ kind }) => kind);

const isUnknown = (error: unknown) => error instanceof AssayError && error.code === 'file-unknown';

test('each real boot log is recognised by its content', async () => {
  for (const name of corpusLogs) assert.deepEqual(await kindsOf(corpusLog(name)), ['boot-log'], name);
});

test('structures a TPM made are recognised, with and without the length before them', async () => {
  const sizedLike = (bytes: Uint8Array) =>
    Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  for (const [kind, all] of [
    ['attest', samples.attest],
    ['public-key', samples.public],
  ] as const)
    for (const bytes of Object.values(all)) {
      assert.deepEqual(await kindsOf(bytes), [kind]);
      assert.deepEqual(await kindsOf(sizedLike(bytes)), [kind]);
    }
  for (const bytes of Object.values(samples.signature)) assert.deepEqual(await kindsOf(bytes), ['signature']);
});

test('E06 padding of one kind behind a certificate is left aside, anything else behind it is refused', async () => {
  const { der } = makeCa('someone');
  const padded = (fill: number) => Buffer.concat([der, new Uint8Array(500).fill(fill)]);
  assert.deepEqual(await kindsOf(der), ['certificate']);
  for (const fill of [0x00, 0xff]) {
    const [piece] = await recognise('nv', padded(fill));
    assert.equal(piece?.kind === 'certificate' && piece.padding, 500);
    assert.equal(piece?.kind === 'certificate' && piece.der.length, der.length);
  }
  await assert.rejects(kindsOf(padded(0x30)), isUnknown);
  await assert.rejects(kindsOf(Buffer.concat([padded(0), Buffer.from([1])])), isUnknown);
});

test('a PEM file has as many certificates as blocks', async () => {
  const pem = [makeCa('one'), makeCa('two')].map(({ der }) => pemOf(der)).join('text between\n');
  assert.deepEqual(await kindsOf(pem), ['certificate', 'certificate']);
  await assert.rejects(kindsOf('-----BEGIN CERTIFICATE-----\nAAAA\n'), isUnknown);
});

test('what is nothing of all this is named as unknown, with what was expected', async () => {
  for (const bytes of ['', 'hello', '{"a":1', '[]', '\u0000\u0001', '%PDF-1.4'])
    await assert.rejects(kindsOf(bytes), /expected .*/);
  await assert.rejects(kindsOf(''), isUnknown);
  await assert.rejects(kindsOf('hello\n'), isUnknown);
  await assert.rejects(kindsOf(new Uint8Array(4096)), isUnknown);
});

test('JSON that is nothing of Assay’s is named by its fields', async () => {
  for (const [text, got] of [
    ['{"name":"x","version":1}', /expected stored evidence, .*got JSON with the fields name, version$/],
    ['[]', /expected stored evidence, .*got JSON with a list of 0$/],
    ['{"format":"assay-evidence","evidence":[]}', /got JSON with the fields format, evidence$/],
    ['{}', /got JSON with no field$/],
    ['{"type":"module","name":"x"}', /expected stored evidence, .*got JSON with the fields type, name$/],
  ] as const)
    await assert.rejects(kindsOf(text), got);
});

test('any bytes are recognised or refused, and nothing else happens', () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
      await recognise('file', bytes).catch((error) => assert.ok(error instanceof AssayError, String(error)));
    }),
  ));

test('what tpm2-tools write is recognised and read as they meant it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-evidence-'));
  const tpm = await startTestTpm();
  t.after(() => tpm.stop().finally(() => rm(folder, { recursive: true, force: true })));
  const run = async (tool: string, ...args: string[]) => {
    const said = await tpm2(folder, tpm.spec, tool, ...args);
    await tpm2(folder, tpm.spec, 'flushcontext', '-t');
    return said;
  };
  const read = async (file: string) => (await recognise(file, await readFile(join(folder, file))))[0];
  await run('pcrextend', `4:sha256=${'ab'.repeat(32)}`);
  await run('createek', '-c', 'ek.ctx', '-G', 'rsa', '-u', 'ek.pub');
  await run('createak', '-C', 'ek.ctx', '-c', 'ak.ctx', '-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa', '-u', 'ak.pub');
  const all = Array.from({ length: 24 }, (_, pcr) => pcr).join(',');
  await run(
    'quote',
    '-c',
    'ak.ctx',
    '-l',
    `sha256:${all}+sha1:0,1`,
    '-q',
    'abcd',
    '-m',
    'msg',
    '-s',
    'sig',
    '-o',
    'pcrs',
  );
  await run('nvread', '0x1c00002', '-o', 'ek.nv');
  const printed = await run('pcrread', 'sha256:0,4');
  const kinds = await Promise.all(
    ['ek.pub', 'ak.pub', 'msg', 'sig', 'pcrs', 'ek.nv'].map(async (file) => (await read(file))?.kind),
  );
  assert.deepEqual(kinds, ['public-key', 'public-key', 'attest', 'signature', 'pcr-values', 'certificate']);
  const values = await read('pcrs');
  const [text] = await recognise('text', Buffer.from(printed));
  assert.ok(values?.kind === 'pcr-values' && text?.kind === 'pcr-values');
  assert.deepEqual([values.banks.sha256?.size, values.banks.sha1?.size ?? 0], [24, 0], 'the TPM has no SHA-1 bank');
  for (const pcr of [0, 4])
    assert.deepEqual(Buffer.from(text.banks.sha256?.get(pcr) ?? []), Buffer.from(values.banks.sha256?.get(pcr) ?? []));
});
