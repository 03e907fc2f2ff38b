import assert from 'node:assert/strict';
import { createECDH, createHash, randomBytes, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decode, encode, sized, u32 } from '@assay/core';
import { openTpm } from '../index.ts';
import { makeCredential, nameOf, publicKeyOf } from '../structures/index.ts';
import { Public } from '../structures/public-area.ts';
import { samples } from '../testing/samples.ts';
import { startTestTpm, type TestTpm } from '../testing/test-tpm.ts';
import { tpm2 } from '../testing/tpm2-tools.ts';

const akName = nameOf(samples.public.eccAk);
const random = (size: number) => randomBytes(size);

describe('a secret for one TPM and one key', () => {
  let peer: TestTpm;
  before(async () => {
    peer = await startTestTpm();
  });
  after(() => peer.stop());

  for (const profile of ['rsa2048', 'ecc256', 'ecc384', 'ecc521', 'rsa3072'] as const)
    test(`is opened by the TPM with its EK of profile ${profile}, whatever its length`, async () => {
      await using tpm = await openTpm(peer.spec);
      const ek = await tpm.createEk(profile);
      const ak = await tpm.createAk();
      for (const length of [1, 16, 32]) {
        const secret = randomBytes(length);
        const credential = makeCredential({ ekPublic: ek.publicArea, akName: ak.name, secret, random });
        assert.deepEqual(await tpm.activateCredential({ ak, ek, ...credential }), secret);
      }
    });

  test('is opened with an ephemeral point whose coordinate begins with a zero', async () => {
    await using tpm = await openTpm(peer.spec);
    const ek = await tpm.createEk('ecc256');
    const ak = await tpm.createAk();
    const secret = randomBytes(32);
    const make = () => makeCredential({ ekPublic: ek.publicArea, akName: ak.name, secret, random });
    let credential = make();
    while (credential.secret[2] !== 0) credential = make(); // one in 256
    assert.deepEqual(await tpm.activateCredential({ ak, ek, ...credential }), secret);
  });

  test('is not opened for another key, nor by another TPM, nor changed', async () => {
    const other = await startTestTpm({ identity: 'two' });
    try {
      await using tpm = await openTpm(peer.spec);
      await using stranger = await openTpm(other.spec);
      const ek = await tpm.createEk();
      const ak = await tpm.createAk();
      const secret = randomBytes(32);
      const forOther = makeCredential({ ekPublic: ek.publicArea, akName, secret, random });
      await assert.rejects(tpm.activateCredential({ ak, ek, ...forOther }), { code: 'tpm-rc-integrity' });

      const credential = makeCredential({ ekPublic: ek.publicArea, akName: ak.name, secret, random });
      const theirs = { ak: await stranger.createAk(), ek: await stranger.createEk() };
      await assert.rejects(stranger.activateCredential({ ...theirs, ...credential }), { name: 'AssayError' });

      const credentialBlob = Uint8Array.from(credential.credentialBlob);
      credentialBlob[40] = (credentialBlob[40] ?? 0) ^ 1;
      await assert.rejects(tpm.activateCredential({ ak, ek, ...credential, credentialBlob }), {
        code: 'tpm-rc-integrity',
      });
      assert.deepEqual(await tpm.activateCredential({ ak, ek, ...credential }), secret, 'unaltered it is opened');
    } finally {
      await other.stop();
    }
  });

  // How tpm2-tools name the same endorsement keys; those of the high range they use by their empty password.
  for (const [profile, named, byPolicy] of [
    ['rsa2048', 'rsa2048', true],
    ['ecc256', 'ecc256', true],
    ['ecc384', 'ecc384', false],
    ['rsa3072', 'rsa3072', false],
  ] as const) {
    test(`made by us for ${profile} is opened by tpm2_activatecredential`, async () => {
      const run = (tool: string, ...args: string[]) => tpm2(peer.dir, peer.spec, tool, ...args);
      await run('createprimary', ...'-C e -G ecc256:ecdsa-sha256:null -c ak.ctx'.split(' '), '-a', akBits);
      await run('createek', '-c', 'ek.ctx', '-G', named);
      await run('flushcontext', '-t');
      await run('readpublic', '-c', 'ak.ctx', '-f', 'tpmt', '-o', 'ak.pub');
      await run('readpublic', '-c', 'ek.ctx', '-f', 'tpmt', '-o', 'ek.pub');
      const secret = randomBytes(32);
      const { credentialBlob, secret: encrypted } = makeCredential({
        ekPublic: await readFile(join(peer.dir, 'ek.pub')),
        akName: nameOf(await readFile(join(peer.dir, 'ak.pub'))),
        secret,
        random,
      });
      const header = Buffer.concat([encode(u32, 0xbadcc0de), encode(u32, 1)]);
      const blobs = [encode(sized(512), credentialBlob), encode(sized(512), encrypted)];
      await writeFile(join(peer.dir, 'ours.cred'), Buffer.concat([header, ...blobs]));
      await run('flushcontext', '-t');
      if (byPolicy) {
        await run('startauthsession', '--policy-session', '-S', 'session.ctx');
        await run('policysecret', '-S', 'session.ctx', '-c', 'e');
      }
      const proof = byPolicy ? ['-P', 'session:session.ctx'] : [];
      await run('activatecredential', ...'-c ak.ctx -C ek.ctx -i ours.cred -o opened'.split(' '), ...proof);
      if (byPolicy) await run('flushcontext', 'session.ctx');
      await run('flushcontext', '-t');
      assert.deepEqual(await readFile(join(peer.dir, 'opened')), secret);
    });

    test(`made by tpm2_makecredential for ${profile} is opened by us`, async () => {
      await using tpm = await openTpm(peer.spec);
      const ek = await tpm.createEk(profile);
      const ak = await tpm.createAk();
      const secret = randomBytes(20);
      await writeFile(join(peer.dir, 'secret'), secret);
      await writeFile(join(peer.dir, 'tools-ek.pub'), encode(sized(1024), ek.publicArea));
      const name = ak.name.toHex();
      const make = `-u tools-ek.pub -s secret -n ${name} -o theirs.cred`.split(' ');
      await tpm2(peer.dir, 'none', 'makecredential', ...make);
      const theirs = { bytes: await readFile(join(peer.dir, 'theirs.cred')), at: 8 };
      const credentialBlob = sized(512).read(theirs, 'TPM2B_ID_OBJECT');
      const encrypted = sized(512).read(theirs, 'TPM2B_ENCRYPTED_SECRET');
      assert.deepEqual(await tpm.activateCredential({ ak, ek, credentialBlob, secret: encrypted }), secret);
    });
  }

  test('goes to the key the EK certificate speaks of', async () => {
    await using tpm = await openTpm(peer.spec);
    for (const profile of await tpm.ekCertificates()) {
      const certificate = new X509Certificate(await tpm.readEkCertificate(profile));
      assert.ok(certificate.publicKey.equals(publicKeyOf((await tpm.createEk(profile)).publicArea)), profile);
      const [issuer = '', root = ''] = peer.ekCaPems;
      assert.ok(certificate.verify(new X509Certificate(issuer).publicKey));
      assert.ok(new X509Certificate(issuer).verify(new X509Certificate(root).publicKey));
    }
  });
});

const akBits = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign|noda';

describe('no secret is made', () => {
  const make = (ekPublic: Uint8Array, length: number, name = akName) =>
    makeCredential({ ekPublic, akName: name, secret: new Uint8Array(length), random });

  test('for a key that does not protect credentials', () => {
    const refused = { code: 'tpm-credential', where: 'EK TPMT_PUBLIC' };
    for (const area of [
      samples.public.eccAk,
      samples.public.rsaSsa,
      samples.public.keyedhash,
      samples.public.symcipher,
    ])
      assert.throws(() => make(area, 32), refused);
    const ek = decode(Public, samples.public.rsaEk, 'P');
    for (const attribute of ['fixedTpm', 'restricted', 'decrypt'] as const)
      assert.throws(
        () => make(encode(Public, { ...ek, attributes: { ...ek.attributes, [attribute]: false } }), 32),
        refused,
      );
  });

  test('of a length no TPM opens, or for no name', () => {
    assert.throws(() => make(samples.public.rsaEk, 33), { code: 'tpm-credential', where: 'secret' });
    assert.throws(() => make(samples.public.rsaEk, 0), { code: 'tpm-credential', where: 'secret' });
    assert.throws(() => make(samples.public.rsaEk, 32, new Uint8Array()), { code: 'tpm-credential', where: 'AK name' });
  });

  test('for a point that is not on the curve', () => {
    const ek = decode(Public, samples.public.eccEk, 'P');
    assert.ok(ek.type === 'ecc');
    const other = createECDH('secp384r1').generateKeys().subarray(1, 49);
    const area = encode(Public, { ...ek, unique: { x: createHash('sha384').update(other).digest(), y: ek.unique.y } });
    assert.throws(() => make(area, 32), { code: 'tpm-key' });
  });
});
