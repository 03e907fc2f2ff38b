import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parseEventLog, replay } from '@assay/measurement';
import { openTpm, type Tpm } from '@assay/tpm';
import { boot, layBootLog, powerOff } from './boot.ts';
import { layout } from './layout.ts';
import { connects } from './readiness.ts';
import { madeAt, manufactureTpm, swtpmCommand } from './software-tpm.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-software-tpm-'));
after(() => rmSync(dir, { recursive: true }));
// Longer than the path of a Unix socket may be.
const paths = layout(join(dir, 'x'.repeat(100)));
const host = paths.host('node1');

/** The values tpm2-tools read from the sha256 bank, by index. */
const toolsRead = (pcrs: readonly number[]) => {
  const text = execFileSync('tpm2_pcrread', ['-T', 'swtpm:path=tpm.sock', `sha256:${pcrs.join(',')}`], {
    cwd: host.dir,
    encoding: 'utf8',
  });
  return pcrs.map((pcr) => new RegExp(`^ *${pcr} *: 0x([0-9A-F]+)`, 'm').exec(text)?.[1]?.toLowerCase());
};

test('two TPMs made at once share the CA, each with its own endorsement, and are not made again', async () => {
  const other = paths.host('node2');
  for (const one of [host, other]) mkdirSync(one.dir, { recursive: true });
  const made = await Promise.all([manufactureTpm(paths, host), manufactureTpm(paths, other)]);
  assert.match(made[0], /^[0-9a-f]{64}$/);
  assert.notEqual(made[0], made[1]);
  assert.equal(await manufactureTpm(paths, host), made[0]);
  for (const { tpmDir } of [host, other]) {
    const der = join(tpmDir, 'ek-rsa2048.crt');
    execFileSync('openssl', ['x509', '-inform', 'der', '-in', der, '-out', `${der}.pem`]);
    const trusted = ['swtpm-localca-rootca-cert.pem', 'issuercert.pem'].map((name) =>
      join(paths.softwareTpmTrust, name),
    );
    const verified = ['verify', '-CAfile', trusted[0]!, '-untrusted', trusted[1]!, `${der}.pem`];
    assert.match(execFileSync('openssl', verified, { encoding: 'utf8' }), /OK/);
  }
  assert.equal(existsSync(join(paths.softwareTpmTrust, 'signkey.pem')), false);
});

/** Starts the TPM, boots the host, lets `work` look at it and ends it as told. */
async function powered(end: 'in order' | 'power cut', work: (tpm: Tpm) => Promise<void>) {
  const [program, ...args] = swtpmCommand(host);
  const swtpm = spawn(program, args, { cwd: host.dir, stdio: 'ignore' });
  const ended = once(swtpm, 'exit');
  try {
    const serves = connects(host.tpmSocket);
    while (!(await serves())) await delay(10);
    await boot(host.tpmSocket, host.bootLog, madeAt(host));
    const tpm = await openTpm(`swtpm:path=${host.tpmSocket}`);
    await work(tpm).finally(() => tpm.close());
    if (end === 'in order') await powerOff(host.tpmSocket);
  } finally {
    swtpm.kill(end === 'in order' ? 'SIGTERM' : 'SIGKILL');
    await ended;
  }
}

test('a booted host has the PCRs its log replays to, as tpm2-tools read them, and a reboot counts', async () => {
  layBootLog({ name: 'node1', boot: 'golden', memoryMb: 512, vcpus: 1 }, host);
  const log = parseEventLog(readFileSync(host.bootLog));
  const expected = replay(log.events, 'sha256');
  const pcrs = [...expected.keys()];
  const resetCounts: number[] = [];
  for (let start = 0; start < 2; start++)
    await powered('in order', async (tpm) => {
      resetCounts.push((await tpm.readClock()).clockInfo.resetCount);
      await tpm.close(); // swtpm serves one at a time
      assert.deepEqual(
        toolsRead(pcrs),
        pcrs.map((pcr) => expected.get(pcr)?.toHex() ?? ''),
      );
    });
  assert.ok((resetCounts[1] ?? 0) > (resetCounts[0] ?? 0));
});

test('power cuts neither set the clock of a TPM back nor lock its keys', async () => {
  let last = 0n;
  for (let cut = 0; cut < 5; cut++)
    await powered('power cut', async (tpm) => {
      const ak = await tpm.loadAk(); // a key with a password, if an empty one
      await tpm.quote({ ak, nonce: new Uint8Array(8), selection: [{ hash: 'sha256', pcrs: [0] }] });
      const { clock } = (await tpm.readClock()).clockInfo;
      assert.ok(clock >= last, `${clock} after ${last}`);
      last = clock;
      assert.equal((await tpm.state()).inLockout, false);
    });
});

test('a modified hypervisor changes one digest of the log, that of the kernel', () => {
  const modified = paths.host('node2');
  layBootLog({ name: 'node2', boot: 'modified-hypervisor', memoryMb: 512, vcpus: 1 }, modified);
  const [golden, other] = [host, modified].map(({ bootLog }) => parseEventLog(readFileSync(bootLog)).events);
  const changed = (golden ?? []).filter(
    (event, at) =>
      Buffer.compare(event.digests.sha256 ?? Buffer.of(), other?.[at]?.digests.sha256 ?? Buffer.of()) !== 0,
  );
  assert.equal(other?.length, golden?.length);
  assert.deepEqual(
    changed.map(({ pcr, type }) => [pcr, type]),
    [[4, 'EV_EFI_BOOT_SERVICES_APPLICATION']],
  );
});
