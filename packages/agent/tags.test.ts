import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { decode } from '@assay/core';
import { fromBase64, type Tag, type Tags, tagIndex, tagRecord, tagRecordBytes, toBase64 } from '@assay/protocol';
import { openTpm, type Tpm } from '@assay/tpm';
import { Attest, nvNameOf } from '@assay/tpm/structures';
import { startTestTpm, tpm2 } from '@assay/tpm/testing';
import { certifyTags, writeTags } from './tags.ts';

const nobody = new Uint8Array();
const nonce = new Uint8Array(32).fill(7);

/** A TPM in our hands; `aside`: other tools have their turn on it meanwhile. */
async function started(t: TestContext): Promise<{ tpm: Tpm; aside(name: string, ...args: string[]): Promise<Tpm> }> {
  const swtpm = await startTestTpm();
  t.after(() => swtpm.stop());
  let tpm = await openTpm(swtpm.spec);
  t.after(() => tpm.close());
  return {
    tpm,
    async aside(name, ...args) {
      await tpm.close();
      await tpm2(swtpm.dir, swtpm.spec, name, ...args);
      tpm = await openTpm(swtpm.spec);
      return tpm;
    },
  };
}

const tagOf = (serial: number, tags: Tags): Tag => ({
  type: 'tag',
  serial,
  record: toBase64(tagRecord({ serial, ekName: new Uint8Array(34), tags })),
});

async function certified(tpm: Tpm) {
  const sent = await certifyTags(tpm, { ak: await tpm.loadAk(), nonce, size: tagRecordBytes });
  if (!sent.nv) throw new Error(sent.nv_absent);
  const attest = decode(Attest, fromBase64(sent.nv.attest, 'attest'), 'TPMS_ATTEST');
  assert.ok(attest.type === 'nv');
  return attest;
}

test('a record is put into an index that only the owner writes, and certified over the nonce', async (t) => {
  const { tpm } = await started(t);
  const tag = tagOf(5, { country: 'DE' });
  await writeTags(tpm, tag, nobody);
  const area = await tpm.nvReadPublic(tagIndex);
  assert.ok(area);
  const { ownerWrite, authWrite, authRead, ownerRead, noDa, kind, policyWrite, ppWrite } = area.attributes;
  assert.deepEqual([ownerWrite, authRead, ownerRead, noDa, kind], [true, true, true, true, 'ordinary']);
  assert.deepEqual([authWrite, policyWrite, ppWrite, area.dataSize], [false, false, false, tagRecordBytes]);
  const { extraData, indexName, offset, nvContents } = await certified(tpm);
  assert.deepEqual(Buffer.from(extraData), Buffer.from(nonce));
  assert.deepEqual([toBase64(nvContents), offset], [tag.record, 0]);
  assert.deepEqual(Buffer.from(indexName), Buffer.from(nvNameOf(area)));
});

test('a record that is there already is not written again', async (t) => {
  const { tpm } = await started(t);
  let writes = 0;
  const counting: Tpm = new Proxy(tpm, {
    get(of: Tpm, name) {
      if (name === 'nvWrite') writes++;
      const member: unknown = Reflect.get(of, name, of);
      return typeof member === 'function' ? member.bind(of) : member;
    },
  });
  await writeTags(counting, tagOf(5, { country: 'DE' }), nobody);
  await writeTags(counting, tagOf(5, { country: 'DE' }), nobody);
  assert.equal(writes, 1);
  await writeTags(counting, tagOf(6, { country: 'AT' }), nobody);
  assert.equal(writes, 2);
});

test('an index that somebody made anew with other rights is made again as it should be', async (t) => {
  const { tpm } = await started(t);
  const tag = tagOf(5, { country: 'DE' });
  await writeTags(tpm, tag, nobody);
  const before = await certified(tpm);
  await tpm.nvUndefineSpace(tagIndex);
  await tpm.nvDefineSpace({ index: tagIndex, size: tagRecordBytes });
  await tpm.nvWrite(tagIndex, fromBase64(tag.record, 'record'));
  assert.notDeepEqual((await certified(tpm)).indexName, before.indexName);
  await writeTags(tpm, tag, nobody);
  assert.deepEqual((await certified(tpm)).indexName, before.indexName);
});

test('what another program keeps in the index is left alone, and the error says how to free it', async (t) => {
  const { tpm, aside } = await started(t);
  await tpm.nvDefineSpace({ index: tagIndex, size: 8 });
  await tpm.nvWrite(tagIndex, Buffer.from('precious'));
  await assert.rejects(writeTags(tpm, tagOf(5, {}), nobody), (error: { code: string; hint: string }) => {
    assert.equal(error.code, 'agent-tag-index');
    assert.match(error.hint, /tpm2_nvundefine 0x01a55a00/);
    return true;
  });
  assert.equal((await tpm.nvRead(tagIndex)).toString(), 'precious');
  await writeTags(await aside('nvundefine', '0x01a55a00'), tagOf(5, {}), nobody);
});

test('with a password of the owner it is needed to write, and not to certify', async (t) => {
  const { aside } = await started(t);
  const tpm = await aside('changeauth', '-c', 'owner', 'sesame');
  await assert.rejects(writeTags(tpm, tagOf(5, {}), nobody), (error: { code: string; hint: string }) => {
    assert.equal(error.code, 'tpm-rc-bad-auth');
    assert.match(error.hint, /owner_auth_file/);
    return true;
  });
  const absent = await certifyTags(tpm, { ak: await tpm.loadAk(), nonce, size: tagRecordBytes });
  assert.match(absent.nv_absent ?? '', /to be defined/);
  await writeTags(tpm, tagOf(5, {}), Buffer.from('sesame'));
  await certified(tpm);
});

test('nothing but a record is written', async (t) => {
  const { tpm } = await started(t);
  for (const record of ['', 'AAAA', toBase64(new Uint8Array(tagRecordBytes))])
    await assert.rejects(writeTags(tpm, { type: 'tag', serial: 1, record }, nobody), /AssayError|wire|record/);
  assert.equal(await tpm.nvReadPublic(tagIndex), undefined);
});
