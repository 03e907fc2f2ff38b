import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSwtpmControl, openTpm } from '../index.ts';
import { startTestTpm, type TestTpm } from '../testing/test-tpm.ts';

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const [zeros, ones] = [Buffer.alloc(32), Buffer.alloc(32, 0xff)];

describe('over TCP, with its control channel on the next port', () => {
  let folder: string;
  let program: ChildProcess;
  let spec: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-tpm-'));
    ({ program, spec } = await startOverTcp(folder));
  });
  after(async () => {
    program.kill('SIGKILL');
    if (program.exitCode === null && program.signalCode === null) await once(program, 'exit');
    await rm(folder, { recursive: true, force: true });
  });

  test('a TPM is switched on, started and used, and switched off again', async () => {
    const control = await openSwtpmControl(spec);
    await control.init();
    await assert.rejects(openTpm(spec), { code: 'tpm-rc-initialize', hint: /TPM2_Startup/ });
    await control.init();
    const tpm = await openTpm(spec, { startup: 'clear' });
    assert.equal((await tpm.getRandom(16)).length, 16);
    await assert.rejects(tpm.startup(), { code: 'tpm-rc-initialize' });
    const digest = randomBytes(32);
    await tpm.pcrExtend(3, { sha256: digest });
    const pcr3 = async () => (await tpm.pcrRead([{ hash: 'sha256', pcrs: [3] }])).sha256?.get(3);
    assert.deepEqual(await pcr3(), sha256(zeros, digest));
    await control.init(); // power is gone and comes back under the open connection
    await tpm.startup();
    assert.deepEqual(await pcr3(), zeros);
    await tpm.close();
    await control.stop();
    control.close();
  });
});

describe('beside a Unix socket', () => {
  let peer: TestTpm;
  before(async () => {
    peer = await startTestTpm();
  });
  after(() => peer.stop());

  test('the locality decides which PCRs may be reset', async () => {
    await using tpm = await openTpm(peer.spec);
    const value = async (pcr: number) => (await tpm.pcrRead([{ hash: 'sha256', pcrs: [pcr] }])).sha256?.get(pcr);
    for (const pcr of [16, 23]) {
      await tpm.pcrExtend(pcr, { sha256: ones });
      assert.deepEqual(await value(pcr), sha256(zeros, ones));
      await tpm.pcrReset(pcr);
      assert.deepEqual(await value(pcr), zeros);
    }
    for (const pcr of [0, 20]) await assert.rejects(tpm.pcrReset(pcr), { code: 'tpm-rc-locality' });
    const control = await openSwtpmControl(peer.spec);
    await control.setLocality(2);
    await tpm.pcrReset(20);
    assert.deepEqual(await value(20), zeros);
    await assert.rejects(tpm.pcrReset(0), { code: 'tpm-rc-locality' });
    await control.setLocality(0);
    await assert.rejects(tpm.pcrReset(20), { code: 'tpm-rc-locality' });
    await assert.rejects(control.setLocality(7), { code: 'tpm-control', where: /setLocality$/ });
    control.close();
  });

  test('a dynamic launch is measured into PCR 17 by the platform alone', async () => {
    const pcrs = [17, 18, 22];
    const values = async () => {
      await using tpm = await openTpm(peer.spec);
      const { sha256: bank } = await tpm.pcrRead([{ hash: 'sha256', pcrs }]);
      return pcrs.map((pcr) => bank?.get(pcr));
    };
    await peer.restart();
    assert.deepEqual(await values(), [ones, ones, ones], 'nothing was launched');
    const launched = randomBytes(10_000);
    const control = await openSwtpmControl(peer.spec);
    await control.dynamicLaunch(launched);
    control.close();
    assert.deepEqual(await values(), [sha256(zeros, sha256(launched)), zeros, zeros]);
  });

  test('what has no control channel is told so', async () => {
    await assert.rejects(openSwtpmControl('/dev/tpm0'), { code: 'tpm-spec' });
    await assert.rejects(openSwtpmControl(`swtpm:path=${peer.dir}/none`), { code: 'tpm-open', hint: /--ctrl/ });
    const control = await openSwtpmControl(peer.spec);
    control.close();
    await assert.rejects(control.init(), { code: 'tpm-gone' });
  });
});

/** swtpm on two free ports, switched off. Somebody else may take a port meanwhile: then other ones. */
async function startOverTcp(folder: string): Promise<{ program: ChildProcess; spec: string }> {
  for (;;) {
    const port = await freePort();
    const address = (at: number) => `type=tcp,bindaddr=127.0.0.1,port=${at}`;
    const serve = [
      'socket',
      '--tpm2',
      '--tpmstate',
      `dir=${folder}`,
      '--server',
      address(port),
      '--ctrl',
      address(port + 1),
    ];
    const program = spawn('setpriv', ['--pdeathsig', 'TERM', 'swtpm', ...serve], { stdio: 'ignore' });
    let over = false;
    const ended = once(program, 'exit').finally(() => {
      over = true;
    });
    const spec = `swtpm:host=127.0.0.1,port=${port}`;
    while (!over) {
      const control = await openSwtpmControl(spec).catch(() => undefined);
      control?.close();
      if (control) return { program, spec };
      await Promise.race([sleep(5), ended]); // its socket is not there yet
    }
  }
}

/** A port that is free now, and the one behind it too. */
async function freePort(): Promise<number> {
  for (;;) {
    await using first = await listening(0);
    const port = first?.port ?? 0;
    await using second = port < 65535 ? await listening(port + 1) : undefined;
    if (first && second) return port;
  }
}

/** Undefined: somebody else has the port. */
async function listening(at: number): Promise<(AsyncDisposable & { port: number }) | undefined> {
  const server = createServer();
  const heard = await new Promise<boolean>((done) => {
    server.once('error', () => done(false)).listen(at, '127.0.0.1', () => done(true));
  });
  const address = heard ? server.address() : undefined;
  if (!address || typeof address !== 'object') return undefined;
  return { port: address.port, [Symbol.asyncDispose]: () => new Promise((done) => server.close(() => done())) };
}
