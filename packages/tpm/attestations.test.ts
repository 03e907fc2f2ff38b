// Do Assay and tpm2-tools believe each other's quotes, over all kinds of keys and banks? And what else a TPM signs.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decode, encode, sized } from '@assay/core';
import { type Attestation, akTemplate, type LoadedKey, openTpm, type Tpm } from './index.ts';
import {
  Attest,
  digestSize,
  type HashName,
  nameOf,
  nvNameOf,
  type PcrBanks,
  type PcrSelection,
  type Public,
  pcrDigest,
  publicKeyOf,
  Signature,
  verifySignature,
} from './structures/index.ts';
import { startTestTpm, type TestTpm } from './testing/test-tpm.ts';
import { tpm2 } from './testing/tpm2-tools.ts';

let peer: TestTpm;
const file = (name: string) => join(peer.dir, name);
const tool = (name: string, ...args: string[]) => tpm2(peer.dir, peer.spec, name, ...args);
before(async () => {
  peer = await startTestTpm();
  await using tpm = await openTpm(peer.spec);
  for (const pcr of [0, 4, 7]) await tpm.pcrExtend(pcr, { sha256: randomBytes(32), sha384: randomBytes(48) });
});
after(() => peer.stop());

const ecc = akTemplate('ecc256', new Uint8Array()) as Extract<Public, { type: 'ecc' }>;
const rsa = akTemplate('rsa2048', new Uint8Array()) as Extract<Public, { type: 'rsa' }>;
/** Attestation keys: how tpm2-tools name their algorithm, and their template. */
const keys: Record<string, { hash: HashName; template: Public; scheme?: 'rsapss' }> = {
  'ecc256:ecdsa-sha256:null': { hash: 'sha256', template: ecc },
  'ecc384:ecdsa-sha384:null': {
    hash: 'sha384',
    template: { ...ecc, curve: 'p384', scheme: { scheme: 'ecdsa', hash: 'sha384' } },
  },
  'ecc521:ecdsa-sha512:null': {
    hash: 'sha512',
    template: { ...ecc, curve: 'p521', scheme: { scheme: 'ecdsa', hash: 'sha512' } },
  },
  'rsa2048:rsassa-sha256:null': { hash: 'sha256', template: rsa },
  'rsa2048:rsapss-sha384:null': {
    hash: 'sha384',
    template: { ...rsa, scheme: { scheme: 'rsapss', hash: 'sha384' } },
    scheme: 'rsapss',
  },
  'rsa3072:rsassa-sha384:null': {
    hash: 'sha384',
    template: { ...rsa, keyBits: 3072, scheme: { scheme: 'rsassa', hash: 'sha384' } },
  },
};
const selections: Record<string, PcrSelection> = {
  'sha256:0,1,2,3,4,7': [{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 7] }],
  'sha384:0,4,23': [{ hash: 'sha384', pcrs: [0, 4, 23] }],
  'sha256:0,7+sha384:4': [
    { hash: 'sha256', pcrs: [0, 7] },
    { hash: 'sha384', pcrs: [4] },
  ],
};

for (const [algorithm, { hash, template, scheme }] of Object.entries(keys))
  describe(`with a key ${algorithm}`, () => {
    // Each selection with the common keys, the last with all.
    const usual = /^(ecc256|rsa2048:rsassa)/.test(algorithm);
    for (const [list, selection] of Object.entries(selections).slice(usual ? 0 : -1)) {
      test(`${scheme ? 'tpm2_verifysignature' : 'tpm2_checkquote'} believes our quote over ${list}, and no other nonce or PCRs`, async () => {
        const tpm = await openTpm(peer.spec);
        const ak = await tpm.createPrimary('endorsement', template);
        const nonce = randomBytes(20);
        const { attest, signature } = await tpm.quote({ ak, nonce, selection });
        const values = ordered(selection, await tpm.pcrRead(selection));
        await tpm.close();
        await writeFile(file('attest'), attest);
        await writeFile(file('signature'), signature);
        await writeFile(file('values'), values);
        await writeFile(file('ak.pub'), encode(sized(1024), ak.publicArea));
        if (scheme) {
          // tpm2_checkquote 5.4 knows no RSAPSS: the TPM itself is asked instead.
          await tool('loadexternal', ...'-C n -u ak.pub -c ak.ctx'.split(' '));
          const verify = (message: string) =>
            tool('verifysignature', ...`-c ak.ctx -m ${message} -s signature -g ${hash}`.split(' '));
          await verify('attest');
          await assert.rejects(verify('values'));
          await tool('flushcontext', '-t');
          return;
        }
        const check = (q: string) =>
          tpm2(
            peer.dir,
            undefined,
            'checkquote',
            ...`-u ak.pub -m attest -s signature -g ${hash} -f values -F values -l ${list} -q ${q}`.split(' '),
          );
        await check(nonce.toString('hex'));
        await assert.rejects(check(randomBytes(20).toString('hex')));
        values[0] = (values[0] ?? 0) ^ 1;
        await writeFile(file('values'), values);
        await assert.rejects(check(nonce.toString('hex')));
      });

      test(`we believe tpm2_quote over ${list}, and none of it changed`, async () => {
        await tool('createprimary', ...`-C e -G ${algorithm} -c ak.ctx -a ${akBits}`.split(' '));
        await tool('readpublic', ...'-c ak.ctx -f tpmt -o ak.tpmt'.split(' '));
        const nonce = randomBytes(20);
        const out = `-m attest -s signature -f tss -o values -F values${scheme ? ` --scheme ${scheme}` : ''}`.split(
          ' ',
        );
        await tool('quote', '-c', 'ak.ctx', '-l', list, '-q', nonce.toString('hex'), '-g', hash, ...out);
        await tool('flushcontext', '-t');
        const [attest, signature, values, publicArea] = await Promise.all(
          ['attest', 'signature', 'values', 'ak.tpmt'].map((name) => readFile(file(name))),
        );
        assert.ok(attest && signature && values && publicArea);
        const key = publicKeyOf(publicArea);
        const read = decode(Signature, signature, 'TPMT_SIGNATURE');
        assert.equal(read.hash, hash);
        assert.ok(verifySignature(key, read, attest));
        const quoted = decode(Attest, attest, 'TPMS_ATTEST');
        assert.ok(quoted.type === 'quote');
        assert.deepEqual([Buffer.from(quoted.extraData), quoted.pcrSelect], [nonce, selection]);
        const expected = pcrDigest(selection, banksOf(selection, values), hash);
        assert.deepEqual(Buffer.from(quoted.pcrDigest), Buffer.from(expected));
        for (const at of [0, 5, 40, attest.length - 1]) {
          const changed: Uint8Array = Uint8Array.from(attest);
          changed[at] = (changed[at] ?? 0) ^ 1;
          assert.ok(!verifySignature(key, read, changed));
        }
      });
    }

    test('both call the key by the same name, and tpm2_print reads our structures', async () => {
      const tpm = await openTpm(peer.spec);
      const ak = await tpm.createPrimary('endorsement', template);
      const { attest } = await tpm.quote({
        ak,
        nonce: Buffer.from('cafe', 'hex'),
        selection: [{ hash: 'sha256', pcrs: [0] }],
      });
      const kept = await tpm.evictControl(ak, 0x81018002);
      await tpm.close();
      const text = await tool('readpublic', '-c', '0x81018002');
      assert.equal(/^name: ([0-9a-f]+)$/m.exec(text)?.[1], nameOf(ak.publicArea).toHex());
      await tool('evictcontrol', '-C', 'o', '-c', '0x81018002');
      assert.equal(kept.handle, 0x81018002);
      await writeFile(file('ak.pub'), encode(sized(1024), ak.publicArea));
      await writeFile(file('attest'), attest);
      const print = (type: string, name: string) => tpm2(peer.dir, undefined, 'print', '-t', type, name);
      assert.match(await print('TPM2B_PUBLIC', 'ak.pub'), /value: fixedtpm\|fixedparent\|.*sign/);
      const printed = await print('TPMS_ATTEST', 'attest');
      assert.match(printed, /type: 8018/);
      assert.match(printed, /extraData: cafe/);
    });
  });

describe('what a TPM signs beside quotes', () => {
  const nonce = Buffer.from('the nonce of a challenge');
  const index = 0x1500010;

  /** Certify and NV_Certify, by the very key that quotes, over the very nonce. */
  async function certified(
    tpm: Tpm,
  ): Promise<{ ak: LoadedKey; quote: Attestation; certify: Attestation; nv: Attestation }> {
    const ak = await tpm.createAk();
    await tpm.nvDefineSpace({ index, size: 40 });
    // What stands in the index may look like the rest of a quote.
    await tpm.nvWrite(
      index,
      Buffer.from('00000001000b03ff000000200000000000000000000000000000000000000000000000000000', 'hex'),
    );
    const quote = await tpm.quote({ ak, nonce, selection: [{ hash: 'sha256', pcrs: [0] }] });
    const certify = await tpm.certify({ ak, key: ak, nonce });
    const nv = await tpm.nvCertify({ ak, index, nonce, size: 38 });
    return { ak, quote, certify, nv };
  }

  test('is signed as well, but tells by its type that it is none', async () => {
    await using tpm = await openTpm(peer.spec);
    const { ak, quote, certify, nv } = await certified(tpm);
    const key = publicKeyOf(ak.publicArea);
    const read = ({ attest, signature }: Attestation) => {
      assert.ok(verifySignature(key, decode(Signature, signature, 'TPMT_SIGNATURE'), attest), 'the signature holds');
      const said = decode(Attest, attest, 'TPMS_ATTEST');
      assert.deepEqual([said.magic, Buffer.from(said.extraData)], ['generated', nonce]);
      return said;
    };
    assert.equal(read(quote).type, 'quote');
    const ofKey = read(certify);
    assert.ok(ofKey.type === 'certify' && !('pcrSelect' in ofKey));
    assert.deepEqual(Buffer.from(ofKey.name), Buffer.from(ak.name));
    const loaded = await tpm.readPublic(ak.handle);
    assert.deepEqual(ofKey.qualifiedName, loaded?.qualifiedName);
    assert.deepEqual(ofKey.qualifiedSigner, loaded?.qualifiedName);
    const ofNv = read(nv);
    assert.ok(ofNv.type === 'nv' && !('pcrSelect' in ofNv));
    const area = await tpm.nvReadPublic(index);
    assert.deepEqual(Buffer.from(ofNv.indexName), area && nvNameOf(area));
    assert.deepEqual(Buffer.from(ofNv.nvContents), (await tpm.nvRead(index)).subarray(0, 38));
    await tpm.nvUndefineSpace(index);
  });

  test('is asked for in part: some bytes of an index from some offset on', async () => {
    await using tpm = await openTpm(peer.spec);
    const ak = await tpm.createAk();
    await tpm.nvDefineSpace({ index, size: 8 });
    await tpm.nvWrite(index, Buffer.from('abcdefgh'));
    const contents = async (part: { size?: number; offset?: number }) => {
      const said = decode(Attest, (await tpm.nvCertify({ ak, index, nonce, ...part })).attest, 'TPMS_ATTEST');
      assert.ok(said.type === 'nv');
      return [said.offset, Buffer.from(said.nvContents).toString()];
    };
    assert.deepEqual(await contents({}), [0, 'abcdefgh']);
    assert.deepEqual(await contents({ offset: 6 }), [6, 'gh']);
    assert.deepEqual(await contents({ size: 2, offset: 3 }), [3, 'de']);
    await assert.rejects(contents({ size: 9 }), { code: 'tpm-rc-nv-range' });
    await assert.rejects(tpm.nvCertify({ ak, index: index + 1, nonce }), { code: 'tpm-nv-absent' });
    await tpm.nvUndefineSpace(index);
  });
});

const akBits = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign|noda';

/** Values one behind the other, bank after bank, PCRs ascending. */
const ordered = (selection: PcrSelection, banks: PcrBanks): Buffer =>
  Buffer.concat(selection.flatMap(({ hash, pcrs }) => pcrs.map((pcr) => banks[hash]?.get(pcr) ?? Buffer.of())));

function banksOf(selection: PcrSelection, values: Uint8Array): PcrBanks {
  const banks: { [H in HashName]?: Map<number, Uint8Array> } = {};
  let at = 0;
  for (const { hash, pcrs } of selection) {
    banks[hash] = new Map();
    for (const pcr of pcrs) {
      banks[hash].set(pcr, values.subarray(at, at + digestSize(hash)));
      at += digestSize(hash);
    }
  }
  assert.equal(at, values.length);
  return banks;
}
