// Asset tags on real software TPMs: what a host with root can do to its record, and what becomes of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AssayError } from '@assay/core';
import { fromBase64, type Tags, tagIndex, tagRecordBytes, toBase64 } from '@assay/protocol';
import { openTpm, type Tpm } from '@assay/tpm';
import { startTestTpm, type TestTpm } from '@assay/tpm/testing';
import fc from 'fast-check';
import { checkAk } from '../quote/ak.ts';
import { type TaggedTpm, taggedTpm } from '../testing/tags.ts';
import { type CertifiedTags, certifiedTags, type ExpectedTags } from './certified.ts';
import { readTagIndex, type TagIndexReading } from './nv-proof.ts';

const nonce = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const yesterday = nonce.map((byte) => byte ^ 0xff);
const tags = { country: 'DE', zone: 'fra1' };

let swtpms: TestTpm[];
let tpms: Tpm[];
let tpm: Tpm;
let host: TaggedTpm;
let other: TaggedTpm;
before(async () => {
  swtpms = [await startTestTpm(), await startTestTpm({ identity: 'two' })];
  tpms = await Promise.all(swtpms.map(({ spec }) => openTpm(spec)));
  const [first, second] = tpms;
  assert.ok(first && second);
  tpm = first;
  host = await taggedTpm(first);
  other = await taggedTpm(second);
});
after(async () => {
  for (const one of tpms ?? []) await one.close();
  for (const one of swtpms ?? []) await one.stop();
});
/** Nothing is in the index. */
const fresh = async () => {
  if (await tpm.nvReadPublic(tagIndex)) await tpm.nvUndefineSpace(tagIndex);
};

const read = async (at = nonce): Promise<TagIndexReading> =>
  readTagIndex(await host.certify(at), checkAk(host.ak.publicArea), nonce);
const judged = (reading: TagIndexReading | undefined, expected: Partial<ExpectedTags> = {}): CertifiedTags =>
  certifiedTags({
    expected: { tags, serial: 5, wasCertified: true, ...expected },
    reading,
    ekName: host.ek.name.toHex(),
  });
const codeOf = ({ finding, tags: certified }: CertifiedTags): string | undefined => {
  assert.ok(!(finding && certified), 'what speaks against them is certified');
  return finding?.code;
};

test('tags whose record the TPM certifies now are certified', async () => {
  await fresh();
  await host.write(host.record(5, tags));
  assert.deepEqual(judged(await read()), { tags });
  assert.deepEqual(judged(await read(), { wasCertified: false }), { tags });
});

test('a host without tags has none, whatever its TPM says', async () => {
  await fresh();
  await host.write(host.record(5, tags));
  const reading = await read();
  const of = (expected: ExpectedTags | undefined) => certifiedTags({ expected, reading, ekName: host.ek.name.toHex() });
  assert.deepEqual(of(undefined), {});
  assert.deepEqual(of({ tags: {}, serial: 6, wasCertified: false }), {});
});

test('the record of another host, copied here, is foreign', async () => {
  await fresh();
  await host.write(other.record(5, tags));
  assert.equal(codeOf(judged(await read())), 'tag-foreign');
  assert.equal(codeOf(judged(await read(), { wasCertified: false })), 'tag-foreign');
});

test('what the TPM of another host certifies proves nothing of this one', async () => {
  await fresh();
  await other.write(host.record(5, tags));
  const sent = await other.certify(nonce);
  assert.equal(codeOf(judged(readTagIndex(sent, checkAk(host.ak.publicArea), nonce))), 'tag-unproven');
});

test('an old record that root writes back is stale, once a newer one was seen; before that it is only not written yet', async () => {
  await fresh();
  await host.write(host.record(5, tags));
  await host.write(host.record(4, { country: 'FR' }));
  assert.equal(codeOf(judged(await read())), 'tag-stale');
  assert.equal(codeOf(judged(await read(), { wasCertified: false })), 'tag-missing');
});

test('any other record, or none at all, is altered', async () => {
  await fresh();
  const honest = host.record(5, tags);
  for (const record of [
    host.record(5, { country: 'FR', zone: 'fra1' }),
    host.record(6, tags),
    new Uint8Array(tagRecordBytes),
  ]) {
    await host.write(record);
    assert.equal(codeOf(judged(await read())), 'tag-altered');
  }
  for (const at of [0, 5, 45, 46, 77]) {
    await host.write(honest.map((byte, i) => (i === at ? byte ^ 1 : byte)));
    const code = codeOf(judged(await read()));
    assert.equal(code, at === 45 ? 'tag-foreign' : 'tag-altered', `byte ${at}`);
  }
});

test('an index made anew with other rights or another size is altered, also with the right record in it', async () => {
  await fresh();
  const record = host.record(5, tags);
  await tpm.nvDefineSpace({ index: tagIndex, size: tagRecordBytes });
  await host.write(record);
  assert.equal(codeOf(judged(await read())), 'tag-altered');
  await tpm.nvUndefineSpace(tagIndex);
  await tpm.nvDefineSpace({ index: tagIndex, size: tagRecordBytes + 1, attributes: { authWrite: false } });
  await tpm.nvWrite(tagIndex, record);
  assert.equal(codeOf(judged(await read())), 'tag-altered');
  const part = await tpm.nvCertify({ ak: host.ak, index: tagIndex, nonce, size: tagRecordBytes });
  const sent = { attest: toBase64(part.attest), signature: toBase64(part.signature) };
  assert.equal(codeOf(judged(readTagIndex(sent, checkAk(host.ak.publicArea), nonce))), 'tag-altered');
});

test('a certificate of yesterday, of a part, or of another kind proves nothing', async () => {
  await fresh();
  await host.write(host.record(5, tags));
  assert.equal(codeOf(judged(await read(yesterday))), 'tag-unproven');
  const ak = checkAk(host.ak.publicArea);
  const part = await tpm.nvCertify({ ak: host.ak, index: tagIndex, nonce, size: 70 });
  const tail = await tpm.nvCertify({ ak: host.ak, index: tagIndex, nonce, offset: 8 });
  const quote = await tpm.quote({ ak: host.ak, nonce, selection: [{ hash: 'sha256', pcrs: [0] }] });
  const certify = await tpm.certify({ ak: host.ak, key: host.ak, nonce });
  for (const { attest, signature } of [part, tail, quote, certify]) {
    const sent = { attest: toBase64(attest), signature: toBase64(signature) };
    assert.equal(codeOf(judged(readTagIndex(sent, ak, nonce))), 'tag-unproven');
  }
  const honest = await host.certify(nonce);
  for (const wrong of [
    { ...honest, signature: toBase64(quote.signature) },
    { ...honest, attest: toBase64(part.attest) },
    { attest: honest.signature, signature: honest.attest },
    { attest: '=', signature: '' },
  ])
    assert.equal(codeOf(judged(readTagIndex(wrong, ak, nonce))), 'tag-unproven');
});

test('a deleted index is missing, and the agent’s words are told', () => {
  for (const [wasCertified, words] of [
    [true, /got nothing about them/],
    [false, /got nothing yet/],
  ] as const) {
    const none = judged(undefined, { wasCertified });
    assert.equal(codeOf(none), 'tag-missing');
    assert.match(none.finding?.message ?? '', words);
  }
  const { finding } = certifiedTags({
    expected: { tags, serial: 5, wasCertified: true },
    reading: undefined,
    absent: 'NV index 0x01a55a00: nothing there',
    ekName: host.ek.name.toHex(),
  });
  assert.match(finding?.message ?? '', /0x01a55a00/);
});

test('whatever bytes a host sends, tags are certified only by the honest certificate', async () => {
  await fresh();
  await host.write(host.record(5, tags));
  const honest = await host.certify(nonce);
  const ak = checkAk(host.ak.publicArea);
  const mutated = (text: string) =>
    fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
      const bytes = Buffer.from(fromBase64(text, 'text'));
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ by;
      return bytes.toString('base64');
    });
  const attest = fc.oneof(mutated(honest.attest), fc.uint8Array({ maxLength: 300 }).map(toBase64), fc.string());
  fc.assert(
    fc.property(attest, mutated(honest.signature), fc.boolean(), (changed, signature, both) => {
      const sent = { attest: changed, signature: both ? signature : honest.signature };
      assert.ok(codeOf(judged(readTagIndex(sent, ak, nonce))));
    }),
  );
});

test('whatever stands in the index, signed, tags are certified only by the very record', () => {
  const record = host.record(5, tags);
  const contents = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(fc.nat({ max: record.length - 1 }), fc.integer({ min: 1, max: 255 }))
      .map(([at, by]) => record.map((byte, i) => (i === at ? byte ^ by : byte))),
  );
  fc.assert(
    fc.property(contents, fc.boolean(), (bytes, wasCertified) => {
      const { tags: certified, finding } = judged({ contents: bytes }, { wasCertified });
      assert.equal(certified, undefined);
      assert.ok(finding && !(finding instanceof AssayError));
    }),
  );
  assert.deepEqual(judged({ contents: record }).tags, tags satisfies Tags);
});
