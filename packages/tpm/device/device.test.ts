import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { lstat, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openTpm } from '../index.ts';
import { manufacture } from '../testing/manufacture.ts';
import { startTestTpm, type TestTpm } from '../testing/test-tpm.ts';
import { tpm2 } from '../testing/tpm2-tools.ts';
import { parseSpec } from './spec.ts';

describe('a TPM is named', () => {
  test('as for tpm2-tools, or by its device file', () => {
    assert.deepEqual(parseSpec('device:/dev/tpmrm0'), { kind: 'character', path: '/dev/tpmrm0' });
    assert.deepEqual(parseSpec('/dev/tpm0'), { kind: 'character', path: '/dev/tpm0' });
    assert.deepEqual(parseSpec('swtpm:path=/a b/tpm,1.sock'), { kind: 'unix', path: '/a b/tpm,1.sock' });
    assert.deepEqual(parseSpec('swtpm:host=::1,port=99'), { kind: 'tcp', host: '::1', port: 99 });
    assert.deepEqual(parseSpec('swtpm:port=99'), { kind: 'tcp', host: '127.0.0.1', port: 99 });
  });
  test('and anything else is refused with what could be written', () => {
    for (const spec of [
      '',
      'tpm',
      'device:',
      'device:tpm0',
      'swtpm:',
      'swtpm:path=',
      'swtpm:port=0',
      'swtpm:port=x',
      'swtpm:port=1,port=2',
      'swtpm:host=a,x=1',
      'mssim:port=2321',
    ])
      assert.throws(() => parseSpec(spec), { code: 'tpm-spec', expected: /tpmrm0/ });
  });
});

describe('a software TPM', () => {
  let peer: TestTpm;
  before(async () => {
    peer = await startTestTpm();
  });
  after(() => peer.stop());

  test('that another client holds is waited for, and taken when it goes', async () => {
    const first = await openTpm(peer.spec);
    const second = openTpm(peer.spec);
    await first.getRandom(1);
    await first.close();
    await (await second).close();
  });

  test('that stays held is given up with the reason, and is not harmed by it', async () => {
    const first = await openTpm(peer.spec);
    await assert.rejects(openTpm(peer.spec, { openTimeoutMs: 50 }), { code: 'tpm-busy', hint: /one at a time/ });
    await first.getRandom(1);
    await first.close();
    await tpm2(peer.dir, peer.spec, 'pcrread', 'sha256:0');
  });

  test('whose queue is full is waited for too', async () => {
    const first = await openTpm(peer.spec);
    const waiting = Array.from({ length: 6 }, () => openTpm(peer.spec).then((tpm) => tpm.close()));
    await first.close();
    await Promise.all(waiting);
  });

  test('lets tpm2-tools wait until we close', async () => {
    const tpm = await openTpm(peer.spec);
    const tool = tpm2(peer.dir, peer.spec, 'getrandom', '4', '--hex');
    await tpm.getRandom(1);
    await tpm.close();
    assert.match(await tool, /^[0-9a-f]{8}/);
  });

  test('on a path longer than socket names may be is found', async () => {
    const deep = join(peer.dir, 'x'.repeat(100));
    await mkdir(deep);
    await rename(join(peer.dir, 'tpm.sock'), join(deep, 'tpm.sock'));
    const tpm = await openTpm(`swtpm:path=${join(deep, 'tpm.sock')}`);
    await tpm.close();
    await rename(join(deep, 'tpm.sock'), join(peer.dir, 'tpm.sock'));
  });

  test('that is not there is told with advice', async () => {
    await assert.rejects(openTpm(`swtpm:path=${peer.dir}/none`), { code: 'tpm-open', hint: /swtpm/ });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    await once(server, 'close');
    assert.ok(address && typeof address === 'object');
    await assert.rejects(openTpm(`swtpm:port=${address.port}`), { code: 'tpm-open' });
  });

  test('that ends in the middle of it is gone, for this and all later commands', async () => {
    const tpm = await openTpm(peer.spec);
    process.kill(peer.pid(), 'SIGSTOP');
    const asked = tpm.getRandom(1);
    process.kill(peer.pid(), 'SIGKILL');
    await assert.rejects(asked, { code: 'tpm-gone' });
    await assert.rejects(tpm.getRandom(1), { code: 'tpm-gone' });
    await tpm.close();
    await peer.restart({ orderly: false });
  });

  test('that does not answer is given up in time', async () => {
    const tpm = await openTpm(peer.spec, { commandTimeoutMs: 50 });
    process.kill(peer.pid(), 'SIGSTOP');
    await assert.rejects(tpm.getRandom(1), { code: 'tpm-timeout' });
    await assert.rejects(tpm.getRandom(1), { code: 'tpm-timeout' });
    await tpm.close();
    process.kill(peer.pid(), 'SIGCONT');
    await (await openTpm(peer.spec)).close();
  });
});

describe('a socket that is no TPM', () => {
  for (const [name, said] of [
    ['says too little', Buffer.from('80010000000900000000', 'hex')],
    ['claims to say too much', Buffer.from('8001ffffffff00000000', 'hex')],
    ['says more than it claims', Buffer.from('80010000000a000000000000', 'hex')],
    ['speaks another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['is a TPM 1.2', Buffer.from('00c40000000a0000001e', 'hex')],
  ] as const)
    test(`and ${name} gives an AssayError`, async () => {
      const server = createServer((client) => client.on('error', () => undefined).once('data', () => client.end(said)));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      assert.ok(address && typeof address === 'object');
      await assert.rejects(openTpm(`swtpm:port=${address.port}`), {
        name: 'AssayError',
        code: name === 'is a TPM 1.2' ? 'tpm-rc-bad-tag' : /^tpm-(response|gone)$/,
      });
      server.close();
    });
});

describe('a device file', () => {
  let folder: string;
  const programs: ChildProcess[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-tty-'));
  });
  after(async () => {
    for (const program of programs.reverse()) {
      program.kill('SIGKILL');
      if (program.exitCode === null && program.signalCode === null) await once(program, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });
  const appears = async (path: string) => {
    const watcher = watch(dirname(path)); // before the first look: what appears between the two would never be told
    try {
      for (;;) {
        const changed = once(watcher, 'change');
        if (await lstat(path).catch(() => undefined)) return;
        await changed;
      }
    } finally {
      watcher.close();
    }
  };

  // Pseudo-terminals stand for /dev/tpm0: swtpm serves the other end of one as it would a driver.
  test('is written and read like a socket', async () => {
    const [ours, theirs, stateDir] = ['ours', 'theirs', 'state'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await manufacture({ stateDir, caDir: join(folder, 'ca') });
    const raw = (path: string) => `PTY,raw,echo=0,link=${path}`;
    programs.push(spawn('socat', [raw(ours), raw(theirs)], { stdio: 'ignore' }));
    await Promise.all([appears(ours), appears(theirs)]);
    const serve = `chardev --tpm2 --tpmstate dir=${stateDir} --chardev ${theirs} --flags not-need-init,startup-clear`;
    programs.push(spawn('swtpm', serve.split(' '), { stdio: 'ignore' }));
    const tpm = await openTpm(`device:${ours}`);
    const ak = await tpm.createAk();
    const quotes = [1, 2, 3].map(() =>
      tpm.quote({ ak, nonce: new Uint8Array(32), selection: [{ hash: 'sha256', pcrs: [0] }] }),
    );
    for (const { attest } of await Promise.all(quotes)) assert.ok(attest.length > 100);
    assert.ok((await tpm.readEkCertificate()).length > 900);
    await tpm.close();
    await assert.rejects(tpm.getRandom(1), { code: 'tpm-gone' });
  });

  test('that is missing, or none, is told with advice', async () => {
    await assert.rejects(openTpm('/dev/no-tpm'), { code: 'tpm-open', hint: /firmware/ });
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(openTpm(`device:${folder}/file`), { code: 'tpm-open', expected: 'a device file' });
  });

  test('that answers nothing is given up', async () => {
    await assert.rejects(openTpm('/dev/null'), { code: 'tpm-gone' });
  });
});
