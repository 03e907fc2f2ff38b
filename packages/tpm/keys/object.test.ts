import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decode, encode, sized } from '@assay/core';
import { akTemplate, ekProfiles, openTpm, type Tpm } from '../index.ts';
import { nodeHash } from '../structures/algorithms.ts';
import { CreationData } from '../structures/creation.ts';
import { nameOf } from '../structures/key.ts';
import { Public } from '../structures/public-area.ts';
import { startTestTpm, type TestTpm } from '../testing/test-tpm.ts';
import { tpm2 } from '../testing/tpm2-tools.ts';

let peer: TestTpm;
let tpm: Tpm;
before(async () => {
  peer = await startTestTpm();
  tpm = await openTpm(peer.spec);
});
after(async () => {
  await tpm.close();
  await peer.stop();
});

/** Like an endorsement key, but used by its password. */
const storageKey: Public = {
  ...ekProfiles.ecc256.template,
  attributes: { ...ekProfiles.ecc256.template.attributes, userWithAuth: true, adminWithPolicy: false },
  authPolicy: new Uint8Array(),
};
const signingKey = akTemplate('ecc256', new Uint8Array());
const sealed: Public = {
  type: 'keyedhash',
  nameAlg: 'sha256',
  attributes: { ...signingKey.attributes, restricted: false, sign: false, sensitiveDataOrigin: false },
  authPolicy: new Uint8Array(),
  scheme: { scheme: 'null' },
  unique: new Uint8Array(),
};
const password = (text: string) => Buffer.from(text);

test('a key below a key is made, loaded with its password, and signs', async () => {
  const parent = await tpm.createPrimary('owner', storageKey, { auth: password('parent') });
  const made = await tpm.create({ parent, template: signingKey, auth: password('child') });
  const key = await tpm.load(parent, made);
  assert.deepEqual(Buffer.from(key.name), nameOf(made.publicArea));
  const quoted = (ak: typeof key) =>
    tpm.quote({ ak, nonce: randomBytes(8), selection: [{ hash: 'sha256', pcrs: [0] }] });
  assert.ok((await quoted(key)).attest.length > 0);
  await assert.rejects(quoted({ ...key, auth: password('wrong') }), { code: 'tpm-rc-bad-auth' });
  await assert.rejects(tpm.create({ parent: { ...parent, auth: password('wrong') }, template: signingKey }), {
    code: 'tpm-rc-auth-fail',
  });
  await tpm.resetLockout({ maxTries: 32, recoverySeconds: 10 });
  for (const { handle } of [key, parent]) await tpm.flushContext(handle);
});

test('a key is loaded under its own parent alone, and only as it was made', async () => {
  const parent = await tpm.createPrimary('owner', storageKey);
  const made = await tpm.create({ parent, template: signingKey });
  await tpm.flushContext((await tpm.load(parent, made)).handle);
  const stranger = await tpm.createPrimary('endorsement', storageKey);
  await assert.rejects(tpm.load(stranger, made), { code: 'tpm-rc-integrity' });
  const privateArea = Uint8Array.from(made.privateArea);
  privateArea[40] = (privateArea[40] ?? 0) ^ 1;
  await assert.rejects(tpm.load(parent, { ...made, privateArea }), { code: 'tpm-rc-integrity' });
  const area = decode(Public, made.publicArea, 'P');
  const publicArea = encode(Public, { ...area, attributes: { ...area.attributes, noDa: false } });
  await assert.rejects(tpm.load(parent, { ...made, publicArea }), { code: /^tpm-rc-(integrity|binding)$/ });
  for (const { handle } of [stranger, parent]) await tpm.flushContext(handle);
});

test('creation data tell parent and circumstances, and hash to what the TPM says', async () => {
  const hashed = (area: Uint8Array, data: Uint8Array) =>
    createHash(nodeHash(decode(Public, area, 'P').nameAlg))
      .update(data)
      .digest();
  const parent = await tpm.createPrimary('owner', storageKey);
  const ofParent = decode(CreationData, parent.creationData, 'TPMS_CREATION_DATA');
  assert.deepEqual([ofParent.parentNameAlg, ofParent.locality], ['null', 1]);
  assert.equal(ofParent.parentName.toHex(), '40000001');
  assert.deepEqual(hashed(parent.publicArea, parent.creationData), Buffer.from(parent.creationHash));
  const made = await tpm.create({ parent, template: signingKey });
  const ofChild = decode(CreationData, made.creationData, 'TPMS_CREATION_DATA');
  assert.deepEqual(Buffer.from(ofChild.parentName), Buffer.from(parent.name));
  assert.deepEqual(hashed(made.publicArea, made.creationData), Buffer.from(made.creationHash));
  await tpm.flushContext(parent.handle);
});

test('data are sealed below a key, and tpm2_unseal gives them back', async () => {
  const parent = await tpm.createPrimary('owner', storageKey);
  const { handle } = await tpm.evictControl(parent, 0x81018000);
  const secret = 'what only this TPM tells';
  const made = await tpm.create({ parent, template: sealed, data: password(secret) });
  await tpm.close();
  const file = (name: string, bytes: Uint8Array) => writeFile(join(peer.dir, name), encode(sized(2048), bytes));
  await file('sealed.pub', made.publicArea);
  await file('sealed.priv', made.privateArea);
  const run = (tool: string, ...args: string[]) => tpm2(peer.dir, peer.spec, tool, ...args);
  await run('load', ...`-C 0x${handle.toString(16)} -u sealed.pub -r sealed.priv -c sealed.ctx`.split(' '));
  assert.equal(await run('unseal', '-c', 'sealed.ctx'), secret);
  await run('flushcontext', '-t');
  await run('evictcontrol', '-C', 'o', '-c', `0x${handle.toString(16)}`);
  tpm = await openTpm(peer.spec);
});

test('a key is kept under a persistent handle through a reboot, and removed from it', async () => {
  const made = await tpm.createPrimary('owner', storageKey);
  assert.equal(await tpm.readPublic(0x81018001), undefined);
  const kept = await tpm.evictControl(made, 0x81018001);
  await tpm.close();
  const text = await tpm2(peer.dir, peer.spec, 'readpublic', '-c', '0x81018001');
  assert.equal(/^name: ([0-9a-f]+)$/m.exec(text)?.[1], nameOf(made.publicArea).toHex());
  await peer.restart();
  tpm = await openTpm(peer.spec);
  const found = await tpm.readPublic(0x81018001);
  assert.deepEqual(found?.publicArea, made.publicArea);
  const { handles } = await tpm.getCapability('handles', 0x81000000);
  assert.ok(handles.includes(0x81018001));
  await tpm.evictControl(kept, kept.handle);
  assert.equal(await tpm.readPublic(0x81018001), undefined);
  assert.equal(await tpm.readPublic(0x80000000), undefined, 'nor is anything loaded');
});

test('capabilities are all told, however many answers it takes', async () => {
  const { commands } = await tpm.getCapability('commands');
  const codes = commands.map((attributes) => attributes & 0xffff);
  assert.ok(codes.length > 80 && codes.includes(0x158) && codes.includes(0x17a));
  assert.deepEqual(
    codes,
    [...new Set(codes)].sort((a, b) => a - b),
  );
  const { properties } = await tpm.getCapability('properties', 0x100, 3);
  assert.deepEqual(
    properties.map(({ property }) => property),
    [0x100, 0x101, 0x102],
  );
  assert.ok((await tpm.getCapability('algorithms')).algorithms.some(({ alg }) => alg === 0x23));
  assert.ok((await tpm.getCapability('curves')).curves.includes(3));
  assert.ok((await tpm.getCapability('pcrProperties')).pcrProperties.length > 0);
  assert.deepEqual((await tpm.getCapability('pcrs')).banks.map(({ hash }) => hash).includes('sha256'), true);
  assert.ok((await tpm.getCapability('ppCommands')).commandCodes.length >= 0);
  assert.ok((await tpm.getCapability('auditCommands')).commandCodes.length >= 0);
});
