import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { AssayError, encode, u32 } from '@assay/core';
import fc from 'fast-check';
import type { TpmDevice } from '../device/device.ts';
import { openSocket } from '../device/socket.ts';
import { parseSpec } from '../device/spec.ts';
import { makeCredential, openTpm } from '../index.ts';
import { createPrimary } from '../keys/primary.ts';
import { akTemplate } from '../keys/templates.ts';
import { password } from '../session/authorization.ts';
import { startAuthSession } from '../session/policy.ts';
import { startTestTpm, type TestTpm } from '../testing/test-tpm.ts';
import { tpm2 } from '../testing/tpm2-tools.ts';
import { Quote } from './attestation.ts';
import { commandBytes, readResponse } from './command.ts';
import { CreatePrimary, FlushContext } from './keys.ts';
import { PcrRead } from './pcr.ts';
import { Runner } from './runner.ts';
import { GetCapability, GetRandom } from './state.ts';

let peer: TestTpm;
before(async () => {
  peer = await startTestTpm();
});
after(() => peer.stop());

const open = async () => {
  const spec = parseSpec(peer.spec);
  assert.ok(spec.kind === 'unix');
  return await openSocket(spec, peer.spec, 5_000);
};

/** The same TPM, but before each answer it gives these response codes. */
const reluctant = (device: TpmDevice, codes: number[]): TpmDevice => ({
  where: device.where,
  managed: device.managed,
  close: () => device.close(),
  async transmit(command, timeoutMs) {
    const code = codes.shift();
    if (code === undefined) return await device.transmit(command, timeoutMs);
    return Buffer.concat([Buffer.from('80010000000a', 'hex'), encode(u32, code)]);
  },
});

describe('a TPM that asks for patience', () => {
  const [retry, yielded, testing] = [0x922, 0x908, 0x90a];

  test('is asked again', async () => {
    const device = await open();
    const slept: number[] = [];
    const runner = new Runner(reluctant(device, [retry, yielded, testing]), {
      timeoutMs: 5_000,
      sleep: async (ms) => slept.push(ms),
    });
    assert.equal((await runner.run(GetRandom, { bytesRequested: 4 })).randomBytes.length, 4);
    assert.deepEqual(slept, [5, 10, 20]);
    await device.close();
  });

  test('is asked again by each of the codes that mean patience, up to the time a command may take', async () => {
    const device = await open();
    const codes = { retry, yielded, testing, 'nv-rate': 0x920 };
    for (const [name, code] of Object.entries(codes)) {
      let now = 0;
      const sleep = async (ms: number) => {
        now += ms;
      };
      const patient = new Runner(reluctant(device, Array(20).fill(code)), { timeoutMs: 10_000, now: () => now, sleep });
      assert.equal((await patient.run(GetRandom, { bytesRequested: 4 })).randomBytes.length, 4, name);
      const never = new Runner(reluctant(device, Array(1000).fill(code)), { timeoutMs: 2_000, now: () => now, sleep });
      const begun = now;
      await assert.rejects(never.run(GetRandom, { bytesRequested: 4 }), { code: `tpm-rc-${name}` });
      assert.ok(now - begun <= 2_000, name);
    }
    await device.close();
  });

  test('is given up in the end with what it said', async () => {
    const device = await open();
    let now = 0;
    const runner = new Runner(reluctant(device, Array(1000).fill(retry)), {
      timeoutMs: 5_000,
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    });
    await assert.rejects(runner.run(GetRandom, { bytesRequested: 4 }), { code: 'tpm-rc-retry' });
    assert.ok(now <= 5_000);
    await device.close();
  });

  test('is not asked again when it refused', async () => {
    const device = await open();
    const runner = new Runner(reluctant(device, [0x921]), { timeoutMs: 5_000 });
    await assert.rejects(runner.run(GetRandom, { bytesRequested: 4 }), { code: 'tpm-rc-lockout' });
    await device.close();
  });
});

/** A program that loads a key and a session and does not live to flush them. */
const greedy = `
  import { openTpm } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)};
  const [spec, moment] = process.argv.slice(1);
  const tpm = await openTpm(spec);
  const left = [tpm.createAk({ label: Buffer.from(String(process.pid)) }), tpm.startAuthSession('policy', 'sha256')];
  if (moment === 'asking') process.stdout.write('asking');
  await Promise.all(left);
  if (moment === 'loaded') process.stdout.write('loaded');
  setInterval(() => undefined, 1000);
`;

describe('what others left in the TPM', () => {
  const label = (i: number) => createHash('sha256').update(`${i}`).digest();
  const crash = async () => {
    const device = await open();
    const runner = new Runner(device, { timeoutMs: 5_000 });
    for (let i = 0; i < 3; i++) {
      await createPrimary(runner, 'endorsement', akTemplate('ecc256', label(i)), new Uint8Array());
      await startAuthSession(runner, 'policy', 'sha256');
    }
    await device.close(); // as a killed program would: nothing flushed
  };

  test('gives way when there is no room for ours', async () => {
    await crash();
    const tpm = await openTpm(peer.spec);
    const ak = await tpm.createAk();
    const ek = await tpm.createEk();
    assert.ok(ak && ek);
    await assert.rejects(
      tpm.activateCredential({ ak, ek, credentialBlob: new Uint8Array(4), secret: new Uint8Array(256) }),
      {
        code: /^tpm-rc-(?!session|object)/,
      },
    );
    await tpm.close();
  });

  test('gives way also when its program was killed (kill -9), before the answer came or after it', async () => {
    for (const moment of ['asking', 'loaded', 'asking', 'loaded', 'loaded', 'loaded']) {
      const program = spawn(process.execPath, ['--input-type=module', '-e', greedy, peer.spec, moment], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(program, 'exit');
      for await (const said of program.stdout.setEncoding('utf8')) if (said.includes(moment)) program.kill('SIGKILL');
      assert.deepEqual(await ended, [null, 'SIGKILL']);
    }
    await using tpm = await openTpm(peer.spec);
    const [ak, ek] = [await tpm.createAk(), await tpm.createEk()];
    const secret = randomBytes(32);
    const credential = makeCredential({ ekPublic: ek.publicArea, akName: ak.name, secret, random: randomBytes });
    assert.deepEqual(await tpm.activateCredential({ ak, ek, ...credential }), secret);
    assert.ok((await tpm.quote({ ak, nonce: secret, selection: [{ hash: 'sha256', pcrs: [0] }] })).attest);
  });

  test('is none of our business behind a resource manager, which gives everyone room of their own', async () => {
    const device = await open();
    const sent: number[] = [];
    const crowded = reluctant(device, [0x902]);
    const watched: TpmDevice = {
      where: device.where,
      managed: true,
      close: () => device.close(),
      transmit(command, timeoutMs) {
        sent.push(Buffer.from(command).readUInt32BE(6));
        return crowded.transmit(command, timeoutMs);
      },
    };
    const runner = new Runner(watched, { timeoutMs: 5_000 });
    await assert.rejects(runner.run(GetRandom, { bytesRequested: 1 }), { code: 'tpm-rc-object-memory' });
    assert.deepEqual(sent, [GetRandom.code], 'nothing was listed or flushed');
    await device.close();
  });

  test('stays while there is room', async () => {
    await tpm2(peer.dir, peer.spec, 'createprimary', ...'-Q -C o -c left.ctx'.split(' '));
    const left = await tpm2(peer.dir, peer.spec, 'getcap', 'handles-transient');
    assert.match(left, /0x80000000/);
    const tpm = await openTpm(peer.spec);
    await tpm.createAk();
    await tpm.close();
    assert.equal(await tpm2(peer.dir, peer.spec, 'getcap', 'handles-transient'), left, 'and ours is gone');
  });

  test('is never ours: three keys of our own are kept, a fourth is refused', async () => {
    const device = await open();
    const runner = new Runner(device, { timeoutMs: 5_000 });
    const make = (i: number) => createPrimary(runner, 'endorsement', akTemplate('ecc256', label(i)), new Uint8Array());
    const ours = [await make(0), await make(1), await make(2)];
    await assert.rejects(make(3), { code: 'tpm-rc-object-memory' });
    for (const { handle } of ours) await runner.run(FlushContext, { flushHandle: handle });
    assert.deepEqual(runner.own, []);
    await device.close();
  });
});

test('commands from several callers are sent one after the other', async () => {
  const tpm = await openTpm(peer.spec);
  const sizes = Array.from({ length: 20 }, (_, i) => i + 1);
  const got = await Promise.all(sizes.map((size) => tpm.getRandom(size)));
  assert.deepEqual(
    got.map((bytes) => bytes.length),
    sizes,
  );
  await tpm.close();
});

test('any bytes for an answer give a result or an AssayError', () => {
  const commands = [Quote, CreatePrimary, PcrRead, GetCapability, GetRandom, FlushContext] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...commands),
      fc.constantFrom(0x8001, 0x8002),
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(2),
      (command, tag, body, sessions) => {
        const head = [tag >> 8, tag & 255, 0, 0, 0, body.length + 10, 0, 0, 0, 0];
        for (const answer of [Uint8Array.from([...head, ...body]), body])
          try {
            readResponse(command as typeof Quote, answer, sessions);
          } catch (error) {
            assert.ok(error instanceof AssayError, String(error));
          }
      },
    ),
  );
});

test('an answer of a TPM cut short anywhere is refused', async () => {
  const device = await open();
  const question = { capability: 'properties', property: 0x100, propertyCount: 4 } as const;
  const answer = await device.transmit(commandBytes(GetCapability, question, []), 5_000);
  readResponse(GetCapability, answer, 0);
  for (let end = 0; end < answer.length; end++) {
    const cut = Uint8Array.from(answer.subarray(0, end));
    assert.throws(() => readResponse(GetCapability, cut, 0), { name: 'AssayError' });
    if (end < 6) continue;
    cut.set(encode(u32, end), 2); // though its header agrees
    assert.throws(() => readResponse(GetCapability, cut, 0), { name: 'AssayError' });
  }
  await device.close();
});

test('a command is the bytes of the specification', () => {
  const quote = commandBytes(
    Quote,
    {
      signHandle: 0x80000001,
      qualifyingData: Uint8Array.of(0xca, 0xfe),
      inScheme: { scheme: 'null' },
      pcrSelect: [{ hash: 'sha256', pcrs: [0, 9, 16] }],
    },
    [password(Uint8Array.of(0x70))],
  );
  assert.equal(
    quote.toHex(),
    [
      '8002 0000002c 00000158',
      '80000001',
      '0000000a 40000009 0000 01 0001 70',
      '0002 cafe 0010 00000001 000b 03 010201',
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});
