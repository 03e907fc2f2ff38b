import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decode, encode, sized } from '@assay/core';
import { akTemplate, ekProfiles, makeCredential, openTpm, type Tpm } from './index.ts';
import { Attest, type Public, pcrDigest, publicKeyOf, Signature, verifySignature } from './structures/index.ts';
import { startTestTpm, type TestTpm } from './testing/test-tpm.ts';
import { tpm2 } from './testing/tpm2-tools.ts';

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

/** Lets tpm2-tools have the TPM: it serves one client at a time. */
async function tools<T>(work: (run: (tool: string, ...args: string[]) => Promise<string>) => Promise<T>): Promise<T> {
  await tpm.close();
  try {
    return await work((tool, ...args) => tpm2(peer.dir, peer.spec, tool, ...args));
  } finally {
    tpm = await openTpm(peer.spec);
  }
}

const signingKey = akTemplate('ecc256', new Uint8Array());
/** Like an endorsement key, but used by its password. */
const storageKey: Public = {
  ...ekProfiles.ecc256.template,
  attributes: { ...ekProfiles.ecc256.template.attributes, userWithAuth: true, adminWithPolicy: false },
  authPolicy: new Uint8Array(),
};

const selection = [
  { hash: 'sha256' as const, pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
  { hash: 'sha384' as const, pcrs: [0, 23] },
];

describe('a quote', () => {
  for (const algorithm of ['ecc256', 'rsa2048'] as const)
    test(`by an AK of ${algorithm} verifies here and with tpm2_checkquote`, async () => {
      await tpm.pcrExtend(4, { sha256: randomBytes(32), sha384: randomBytes(48) });
      const nonce = randomBytes(32);
      const ak = await tpm.createAk({ algorithm });
      const { attest, signature } = await tpm.quote({ ak, nonce, selection });
      const claimed = decode(Attest, attest, 'TPMS_ATTEST');
      assert.ok(claimed.type === 'quote');
      assert.deepEqual(claimed.extraData, nonce);
      assert.deepEqual(claimed.pcrSelect, selection);
      assert.deepEqual(claimed.pcrDigest, pcrDigest(selection, await tpm.pcrRead(selection), 'sha256'));
      const read = decode(Signature, signature, 'TPMT_SIGNATURE');
      assert.ok(verifySignature(publicKeyOf(ak.publicArea), read, attest));

      const file = (name: string) => join(peer.dir, name);
      await writeFile(file('quote.attest'), attest);
      await writeFile(file('quote.signature'), signature);
      await writeFile(file('ak.public'), encode(sized(1024), ak.publicArea));
      const given = '-u ak.public -m quote.attest -s quote.signature -g sha256'.split(' ');
      await tpm2(peer.dir, undefined, 'checkquote', ...given, '-q', nonce.toString('hex'));
      await assert.rejects(tpm2(peer.dir, undefined, 'checkquote', ...given, '-q', '00'));
    });

  test('tells the true reset count, which a reboot raises', async () => {
    const resetCount = async () => {
      const { attest } = await tpm.quote({ ak: await tpm.loadAk(), nonce: new Uint8Array(8), selection });
      return decode(Attest, attest, 'TPMS_ATTEST').clockInfo;
    };
    const first = await resetCount();
    assert.equal(first.resetCount, (await tpm.readClock()).clockInfo.resetCount);
    await tpm.close();
    await peer.restart();
    tpm = await openTpm(peer.spec);
    const second = await resetCount();
    assert.equal(second.resetCount, first.resetCount + 1);
    assert.equal(second.safe, true);
    await tpm.close();
    await peer.restart({ orderly: false });
    tpm = await openTpm(peer.spec);
    assert.deepEqual(await resetCount().then(({ safe }) => safe), false, 'power was cut');
  });

  test('follows a clock that is set forward, and the clock is not set back', async () => {
    const { clock } = (await tpm.readClock()).clockInfo;
    await tpm.setClock(clock + 3_600_000n);
    assert.ok((await tpm.readClock()).clockInfo.clock >= clock + 3_600_000n);
    await assert.rejects(tpm.setClock(clock), { code: 'tpm-rc-value' });
  });

  test('over a nonce longer than TPMs take is refused with a reason', async () => {
    const ak = await tpm.loadAk();
    await assert.rejects(tpm.quote({ ak, nonce: new Uint8Array(67), selection }), { code: 'wire-long' });
  });
});

describe('an attestation key', () => {
  test('comes back identical after a reboot, and only under its own label', async () => {
    const made = await tpm.createAk();
    await tpm.close();
    await peer.restart();
    tpm = await openTpm(peer.spec);
    assert.deepEqual((await tpm.loadAk(made.saved)).publicArea, made.publicArea);
    const other = await tpm.createAk({ label: Buffer.from('second') });
    assert.notDeepEqual(other.name, made.name);
    assert.deepEqual((await tpm.loadAk(other.saved)).name, other.name);
  });

  test('of another TPM is told from ours', async () => {
    const { saved } = await tpm.createAk();
    const other = await startTestTpm({ identity: 'two' });
    try {
      await using stranger = await openTpm(other.spec);
      await assert.rejects(stranger.loadAk(saved), { code: 'tpm-ak-changed' });
    } finally {
      await other.stop();
    }
  });

  test('that was saved as something else is refused', async () => {
    for (const saved of [
      { algorithm: 'dsa', label: '' },
      { algorithm: 'ecc256', label: 'xyz' },
      { algorithm: 'ecc256', label: '00'.repeat(33) },
    ])
      await assert.rejects(tpm.loadAk(saved as never), { code: 'tpm-ak-label' });
  });

  test('is loaded once, and again after it was flushed', async () => {
    const first = await tpm.loadAk();
    assert.equal(await tpm.loadAk(), first);
    await tpm.flushContext(first.handle);
    assert.deepEqual((await tpm.loadAk()).name, first.name);
  });
});

describe('PCRs', () => {
  test('are all read, and agree with tpm2_pcrread', async () => {
    const every = Array.from({ length: 24 }, (_, pcr) => pcr);
    const ours = await tpm.pcrRead([
      { hash: 'sha256', pcrs: every },
      { hash: 'sha384', pcrs: every },
    ]);
    await tools((run) => run('pcrread', 'sha256:all+sha384:all', '-o', 'pcrs'));
    const values = (['sha256', 'sha384'] as const).flatMap((bank) => every.map((pcr) => ours[bank]?.get(pcr)));
    assert.deepEqual(
      Buffer.concat(values.map((value) => value ?? Buffer.of())),
      await readFile(join(peer.dir, 'pcrs')),
    );
  });

  test('are extended by us and by tpm2_pcrextend in turn', async () => {
    const read = async () => (await tpm.pcrRead([{ hash: 'sha256', pcrs: [9] }])).sha256?.get(9) ?? Buffer.of();
    const extended = (value: Uint8Array, digest: Uint8Array) =>
      createHash('sha256').update(value).update(digest).digest();
    let value = await read();
    for (let round = 0; round < 3; round++) {
      const [ours, theirs] = [randomBytes(32), randomBytes(32)];
      await tpm.pcrExtend(9, { sha256: ours });
      await tools((run) => run('pcrextend', `9:sha256=${theirs.toString('hex')}`));
      value = extended(extended(value, ours), theirs);
      assert.deepEqual(await read(), value);
    }
  });

  test('of a bank that is not active are missed by name', async () => {
    assert.deepEqual(
      (await tpm.pcrBanks()).map(({ hash }) => hash),
      ['sha256', 'sha384'],
    );
    await assert.rejects(tpm.pcrRead([{ hash: 'sha512', pcrs: [3] }]), {
      code: 'tpm-pcr-absent',
      where: 'PCR 3 of bank sha512',
    });
  });

  test('are not extended by a digest of the wrong length, nor beyond 23, nor by nothing', async () => {
    for (const [pcr, digests] of [
      [24, { sha256: new Uint8Array(32) }],
      [-1, { sha256: new Uint8Array(32) }],
      [1, { sha256: new Uint8Array(31) }],
      [1, {}],
    ] as const)
      await assert.rejects(tpm.pcrExtend(pcr, digests), { code: 'tpm-pcr' });
  });
});

describe('what else a TPM has', () => {
  test('an EK certificate that is not there is missed with advice', async () => {
    assert.deepEqual(await tpm.ekCertificates(), ['rsa2048', 'ecc384']);
    await assert.rejects(tpm.readEkCertificate('ecc256'), { code: 'tpm-no-ek-certificate', hint: /swtpm_setup/ });
  });

  test('an EK is made by the template and nonce a vendor left in NV', async () => {
    const before = await tpm.createEk('ecc256');
    const nonce = Buffer.from('nonce of the vendor');
    await writeFile(join(peer.dir, 'nonce'), nonce);
    await tools(async (run) => {
      await run('nvdefine', '-C', 'o', '-s', `${nonce.length}`, '0x1c0000b');
      await run('nvwrite', '-C', 'o', '-i', 'nonce', '0x1c0000b');
    });
    const after = await tpm.createEk('ecc256');
    assert.notDeepEqual(after.name, before.name);
    await tools((run) => run('nvundefine', '-C', 'o', '0x1c0000b'));
    assert.deepEqual((await tpm.createEk('ecc256')).name, before.name);
  });

  test('random bytes come in any number', async () => {
    for (const size of [0, 1, 32, 100]) assert.equal((await tpm.getRandom(size)).length, size);
  });

  test('its state is told, and a lockout is ended', async () => {
    const state = await tpm.state();
    assert.equal(state.manufacturer, 'IBM');
    assert.equal(state.inLockout, false);
    assert.equal(state.endorsementEnabled, true);
    await tools(async (run) => {
      await run('dictionarylockout', '-s', '-n', '1', '-t', '1000', '-l', '1000');
      await run('createprimary', '-C', 'o', '-c', 'locked.ctx', '-p', 'right');
      const wrong = '-C locked.ctx -u new.pub -r new.priv -P wrong'.split(' ');
      await assert.rejects(run('create', ...wrong));
      await run('flushcontext', '-t');
    });
    assert.equal((await tpm.state()).inLockout, true);
    const locked = await tpm.createPrimary('owner', storageKey, { auth: Buffer.from('right') });
    await assert.rejects(tpm.create({ parent: locked, template: signingKey }), { code: 'tpm-rc-lockout' });
    // Enrolment goes on: an endorsement key is used by its policy, not by its empty password.
    const [ak, ek] = [await tpm.loadAk(), await tpm.createEk('ecc384')];
    const secret = randomBytes(32);
    const credential = makeCredential({ ekPublic: ek.publicArea, akName: ak.name, secret, random: randomBytes });
    assert.deepEqual(await tpm.activateCredential({ ak, ek, ...credential }), secret);
    await tpm.resetLockout({ maxTries: 32, recoverySeconds: 10 });
    assert.equal((await tpm.state()).inLockout, false);
  });
});
