import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Runner } from './commands/runner.ts';
import type { TpmDevice } from './device/device.ts';
import { openSocket } from './device/socket.ts';
import { parseSpec } from './device/spec.ts';
import { openTpm, type Tpm } from './index.ts';
import { nvReadPublic } from './nv.ts';
import { nvNameOf } from './structures/index.ts';
import { startTestTpm, type TestTpm } from './testing/test-tpm.ts';
import { tpm2 } from './testing/tpm2-tools.ts';

let peer: TestTpm;
let tpm: Tpm;
before(async () => {
  peer = await startTestTpm();
});
after(() => peer.stop());
beforeEach(async () => {
  tpm = await openTpm(peer.spec);
});
afterEach(() => tpm.close());

/** Lets tpm2-tools have the TPM: it serves one client at a time. */
async function tools<T>(work: (run: (tool: string, ...args: string[]) => Promise<string>) => Promise<T>): Promise<T> {
  await tpm.close();
  try {
    return await work((tool, ...args) => tpm2(peer.dir, peer.spec, tool, ...args));
  } finally {
    tpm = await openTpm(peer.spec);
  }
}

describe('an NV index', () => {
  test('is read whole, in parts, as tpm2_nvwrite wrote it', async () => {
    const contents = randomBytes(2000);
    await writeFile(join(peer.dir, 'contents'), contents);
    await tools(async (run) => {
      await run('nvdefine', '-C', 'o', '-s', '2000', '0x1500001');
      await run('nvwrite', '-C', 'o', '-i', 'contents', '0x1500001');
    });
    assert.deepEqual(await tpm.nvRead(0x1500001), contents);
    assert.equal((await tpm.nvReadPublic(0x1500001))?.dataSize, 2000);
    assert.equal(await tpm.nvReadPublic(0x1500002), undefined);
    await assert.rejects(tpm.nvRead(0x1500002), { code: 'tpm-nv-absent', where: 'NV index 0x01500002' });
    await tpm.nvUndefineSpace(0x1500001);
    assert.equal(await tpm.nvReadPublic(0x1500001), undefined);
  });

  test('is defined and written in parts, and tpm2_nvread and tpm2_nvreadpublic see the same', async () => {
    const index = 0x1500003;
    const contents = randomBytes(2000);
    await tpm.nvDefineSpace({ index, size: 2000 });
    await assert.rejects(tpm.nvRead(index), { code: 'tpm-rc-nv-uninitialized' });
    await assert.rejects(tpm.nvDefineSpace({ index, size: 1 }), { code: 'tpm-rc-nv-defined' });
    await tpm.nvWrite(index, contents);
    await tpm.nvWrite(index, Buffer.from('here'), 1990);
    contents.write('here', 1990);
    assert.deepEqual(await tpm.nvRead(index), contents);
    await assert.rejects(tpm.nvWrite(index, Buffer.alloc(20), 1990), { code: 'tpm-rc-nv-range' });
    const area = await tpm.nvReadPublic(index);
    assert.ok(area);
    const said = await tools(async (run) => {
      await run('nvread', '-C', 'o', '-o', 'read', '0x1500003');
      return await run('nvreadpublic', '0x1500003');
    });
    assert.deepEqual(await readFile(join(peer.dir, 'read')), contents);
    assert.equal(/name: ([0-9a-f]+)/.exec(said)?.[1], nvNameOf(area).toHex());
    assert.equal(
      /attributes:\s+friendly: (.*)/.exec(said)?.[1]?.trim(),
      'ownerwrite|authwrite|ownerread|authread|no_da|written',
      'attributes mean the same to both',
    );
    await tpm.nvUndefineSpace(index);
  });

  test('that has a password is read and written with it, or with the owner’s', async () => {
    const index = 0x1500004;
    const auth = Buffer.from('right');
    await tpm.nvDefineSpace({ index, size: 4 }, { auth });
    await tpm.nvWrite(index, Buffer.from('abcd'), 0, { auth });
    assert.equal(Buffer.from(await tpm.nvRead(index, { auth })).toString(), 'abcd');
    for (const wrong of [{}, { auth: Buffer.from('wrong') }]) {
      await assert.rejects(tpm.nvRead(index, wrong), { code: 'tpm-rc-bad-auth' });
      await assert.rejects(tpm.nvWrite(index, Buffer.from('ef'), 0, wrong), { code: 'tpm-rc-bad-auth' });
    }
    await tpm.nvUndefineSpace(index);
    await tpm.nvDefineSpace({ index, size: 4, attributes: { authRead: false, authWrite: false } }, { auth });
    await tpm.nvWrite(index, Buffer.from('owner'.slice(0, 4)));
    assert.equal(Buffer.from(await tpm.nvRead(index)).toString(), 'owne');
    await tpm.nvUndefineSpace(index);
  });

  test('of each kind says which it is', async () => {
    const sizes = { ordinary: 5, counter: 8, bits: 8, extend: 32 } as const;
    for (const [kind, size] of Object.entries(sizes) as [keyof typeof sizes, number][]) {
      await tpm.nvDefineSpace({ index: 0x1500005, size, attributes: { kind } });
      const area = await tpm.nvReadPublic(0x1500005);
      assert.deepEqual([area?.attributes.kind, area?.attributes.written], [kind, false]);
      await tpm.nvUndefineSpace(0x1500005);
    }
  });

  test('is not believed when its public area has another name than the TPM says', async () => {
    const index = 0x1500006;
    await tpm.nvDefineSpace({ index, size: 9 });
    await tpm.close();
    const spec = parseSpec(peer.spec);
    assert.ok(spec.kind === 'unix');
    const device = await openSocket(spec, peer.spec, 5_000);
    const changed = (at: number): TpmDevice => ({
      where: device.where,
      managed: false,
      close: () => device.close(),
      async transmit(command, timeoutMs) {
        const answer = Uint8Array.from(await device.transmit(command, timeoutMs));
        if (at < answer.length) answer[at] = (answer[at] ?? 0) ^ 1;
        return answer;
      },
    });
    const read = (at: number) => nvReadPublic(new Runner(changed(at), { timeoutMs: 5_000 }), index);
    assert.equal((await read(Infinity))?.dataSize, 9);
    const nameBegins = 10 + 2 + 14; // behind the header and the public area with its length
    for (const at of [15, 21, 25, nameBegins + 10]) await assert.rejects(read(at), { code: 'tpm-response' });
    await device.close();
    tpm = await openTpm(peer.spec);
    await tpm.nvUndefineSpace(index);
  });
});
