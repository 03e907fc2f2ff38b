// What Assay promises when something breaks, each with the real fault: a stopped server, a tampered host, a killed
// compute-host, an attestation server that is down.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { httpsRequest } from '@assay/daemon';
import type { Host, PollHostsAnswer } from '@assay/protocol';
import { cell, ok, until } from './clients.ts';
import { type Lab, startLab } from './lab.ts';

let lab: Lab;
const nova = async (...args: string[]) => ok(await lab.nova(...args));
const boot = async (flavor: string, name: string, ...more: string[]) =>
  lab.nova('boot', '--flavor', flavor, '--image', 'assay-mini', ...more, name);
/** Boots and waits; a refusal fails the test with its reason. */
async function bootActive(flavor: string, name: string): Promise<void> {
  const { code } = await boot(flavor, name, '--poll');
  if (code !== 0) assert.fail((await lab.cli('scheduler', 'explain', name)).stdout);
}
const host = async (name: string): Promise<Host> => JSON.parse(ok(await lab.cli('host', 'show', name, '--json')));
/** Trusted, and there to answer the challenge that a start asks for. */
const ready = async (name: string) => {
  const { connected, verdict } = await host(name);
  return connected && verdict.trust === 'trusted';
};
const bothReady = async () => {
  for (const name of ['node1', 'node2']) await until(`${name} is trusted and connected`, () => ready(name));
};
const status = async (name: string) => cell(await nova('show', name), 'status');
const settled = (name: string) =>
  until(`${name} is ACTIVE or ERROR`, async () => ['ACTIVE', 'ERROR'].includes(await status(name)));

type Unit = { name: string; state: string; pid?: number };
const unit = async (name: string): Promise<Unit> => {
  const { units } = JSON.parse(ok(await lab.cli('lab', 'status', '--json', ...lab.state))) as { units: Unit[] };
  const one = units.find((each) => each.name === name);
  assert.ok(one, name);
  return one;
};
const pidOf = async (name: string): Promise<number> => {
  const { pid } = await unit(name);
  assert.ok(pid, `${name} runs`);
  return pid;
};

async function pollHosts(hosts: string[], timeoutMs: number): Promise<PollHostsAnswer> {
  const { ASSAY_SERVER: server, ASSAY_CA_FILE: caFile, ASSAY_AUTH_BLOB_FILE: blobFile } = lab.env;
  const answer = await httpsRequest({
    url: `${server}/AttestationService/resources/PollHosts`,
    method: 'POST',
    headers: { 'x-auth-blob': readFileSync(String(blobFile), 'utf8').trim() },
    body: { count: hosts.length, hosts },
    ca: readFileSync(String(caFile), 'utf8'),
    timeoutMs,
    maxBytes: 1 << 20,
  });
  assert.equal(answer.status, 200);
  return JSON.parse(answer.body.toString());
}

/** One more measurement in a quoted PCR of a running TPM, as whoever owns the host can make. */
const tamper = (name: string) =>
  execFileSync('tpm2_pcrextend', ['-T', 'swtpm:path=tpm.sock', `4:sha256=${randomBytes(32).toString('hex')}`], {
    cwd: join(lab.dir, 'hosts', name),
  });

before(async () => {
  lab = await startLab();
  await nova('flavor-key', 'm1.tiny', 'set', 'trust:trusted_host=trusted');
});
after(() => lab?.stop());

test('promise 6: a killed compute-host leaves its instances running and adopts them again', async () => {
  await bootActive('m1.tiny', 'kept');
  const shown = await nova('show', 'kept');
  const [on, id] = [cell(shown, 'OS-EXT-SRV-ATTR:host'), cell(shown, 'id')];
  const qemu = () => execFileSync('pgrep', ['-f', `qemu-system.*${id}`], { encoding: 'utf8' }).trim();
  const pid = qemu();
  const killed = await pidOf(`${on}-compute-host`);
  process.kill(killed, 'SIGKILL');
  await until('compute-host is started again', async () => {
    const { state, pid: now } = await unit(`${on}-compute-host`);
    return state === 'ready' && now !== killed;
  });
  assert.equal(qemu(), pid, 'the same process');
  assert.equal(await status('kept'), 'ACTIVE');
  // Adopted, not only left alone: what is asked of it happens.
  assert.match(await nova('console-log', 'kept'), /Linux version|assay-mini/);
  await nova('delete', 'kept');
  await until('its process has ended', async () => {
    try {
      process.kill(Number(pid), 0);
      return false;
    } catch {
      return true;
    }
  });
});

test('QEMU never runs as root', async () => {
  await bootActive('m1.tiny', 'unprivileged');
  const id = cell(await nova('show', 'unprivileged'), 'id');
  const pid = execFileSync('pgrep', ['-f', `qemu-system.*${id}`], { encoding: 'utf8' }).trim();
  const [, uids = ''] = /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  for (const uid of uids.split('\t')) assert.notEqual(uid, '0');
  await nova('delete', 'unprivileged');
});

test('promise 5: a host tampered with after its last verdict starts nothing that asks for trust', async () => {
  // Everything is ready before, so that between tampering and boot no round can tell: the scheduler still finds both hosts
  // trusted, and only the challenge that goes with the ticket can refuse them.
  const token = ok(await lab.openstack('token', 'issue', '-f', 'value', '-c', 'id')).trim();
  const computeUrl = /https:[\w.:/-]+/.exec(
    ok(await lab.openstack('catalog', 'show', 'nova', '-f', 'value', '-c', 'endpoints')),
  );
  const imageRef = ok(await lab.openstack('image', 'show', 'assay-mini', '-f', 'value', '-c', 'id')).trim();
  const bootNow = async () => {
    const { status } = await httpsRequest({
      url: `${computeUrl}/servers`,
      method: 'POST',
      headers: { 'x-auth-token': token },
      body: { server: { name: 'never', imageRef, flavorRef: '1' } },
      ca: readFileSync(String(lab.env['OS_CACERT']), 'utf8'),
      timeoutMs: 20_000,
      maxBytes: 1 << 20,
    });
    assert.equal(status, 202);
  };
  const hosts = ['node1', 'node2'];
  await bothReady();
  await until('both were attested just now', async () => {
    const ages = (await Promise.all(hosts.map(host))).map(({ age_ms }) => age_ms);
    return Math.max(...ages) < 3_000;
  });
  for (const name of hosts) tamper(name);
  await bootNow();
  await settled('never');
  assert.equal(await status('never'), 'ERROR');
  assert.match(
    ok(await lab.cli('scheduler', 'explain', 'never')),
    /node[12], ticket refused: host node[12] is untrusted: .*PCR 4/,
  );
  const id = cell(await nova('show', 'never'), 'id');
  assert.throws(() => execFileSync('pgrep', ['-f', `qemu-system.*${id}`]), 'no process of it');
  for (const name of hosts) ok(await lab.cli('lab', 'reboot', name, ...lab.state));
  await bothReady();
  await bootActive('m1.tiny', 'healed');
  await nova('delete', 'never', 'healed');
});

test('promise 8: with the attestation server down trusted boots are refused with the true reason, all else goes on', async () => {
  await bootActive('m1.tiny', 'before');
  ok(await lab.cli('lab', 'stop-unit', 'attestation-server', ...lab.state));
  try {
    await boot('m1.tiny', 'refused');
    await settled('refused');
    assert.equal(await status('refused'), 'ERROR');
    const explained = ok(await lab.cli('scheduler', 'explain', 'refused'));
    assert.match(explained, /TrustedFilter/);
    assert.match(explained, /attestation server https:\/\/127\.0\.0\.1:\d+.*(refused|unreachable|ECONNREFUSED)/);
    await bootActive('m1.small', 'plain');
    assert.equal(await status('plain'), 'ACTIVE');
    assert.equal(await status('before'), 'ACTIVE');
    await nova('delete', 'before', 'plain', 'refused');
  } finally {
    ok(await lab.cli('lab', 'start-unit', 'attestation-server', ...lab.state));
  }
  await bothReady();
  await bootActive('m1.tiny', 'after');
  await nova('delete', 'after');
});

test('promise 1: an attestation server stopped past the expiry never says trusted, nor does the scheduler', async () => {
  const pid = await pidOf('attestation-server');
  const lifetimes = (await Promise.all(['node1', 'node2'].map(host))).map(
    ({ verdict }) => Date.parse(verdict.expires_at) - Date.parse(verdict.verified_at),
  );
  process.kill(pid, 'SIGSTOP');
  const stoppedAt = Date.now();
  let asked: Promise<PollHostsAnswer>;
  try {
    const refused = boot('m1.tiny', 'stopped').then(() => settled('stopped'));
    // Also one that was given right before the server was stopped.
    await until('every verdict has expired', async () => Date.now() > stoppedAt + Math.max(...lifetimes));
    await refused;
    assert.equal(await status('stopped'), 'ERROR');
    asked = pollHosts(['node1', 'node2', 'node3'], 60_000); // waits in the socket of the stopped process
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  for (const entry of (await asked).hosts)
    if (entry.trust_lvl === 'trusted') {
      // Only evidence gathered after it went on may say so.
      assert.ok(Date.parse(entry.vtime) > stoppedAt);
      assert.ok(Date.parse(entry.expires) > Date.now());
    }
  await bothReady();
  await nova('delete', 'stopped');
});
