// The cloud on one machine: two side by side, what is killed comes back, what is ended is ended, and a host that reboots.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from './clients.ts';
import { type Lab, startLab } from './lab.ts';

type Unit = { name: string; state: string; pid?: number; restarts: number };
type Host = { name: string; verdict: { trust: string; reason: string; reset_count?: number } };

let lab: Lab;
before(async () => {
  lab = await startLab();
});
after(() => lab?.stop());

const units = async (of: Lab): Promise<Unit[]> => {
  const { stdout } = await of.cli('lab', 'status', '--json', ...of.state);
  return JSON.parse(stdout).units;
};
const pidOf = async (of: Lab, name: string) => {
  const pid = (await units(of)).find((unit) => unit.name === name)?.pid;
  assert.ok(pid, `${name} runs`);
  return pid;
};
const host = async (name: string): Promise<Host> => JSON.parse((await lab.cli('host', 'show', name, '--json')).stdout);
const verdicts = async (of: Lab) =>
  Object.fromEntries(
    (JSON.parse((await of.cli('status', '--json')).stdout).hosts as Host[]).map(({ name, verdict }) => [
      name,
      verdict.trust,
    ]),
  );
/** Pids of processes whose command line or folder names this lab. */
const processesOf = (dir: string) =>
  readdirSync('/proc').filter((pid) => {
    try {
      if (!/^\d+$/.test(pid)) return false;
      const cwd = readlinkSync(`/proc/${pid}/cwd`);
      return cwd.startsWith(dir) || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dir);
    } catch {
      return false;
    }
  });
const expected = { node1: 'trusted', node2: 'trusted', node3: 'untrusted' };

test('a cloud comes up with the hosts that booted well trusted, and the one that did not untrusted', async () => {
  assert.deepEqual(await verdicts(lab), expected);
  const { verdict } = await host('node3');
  assert.match(verdict.reason, /^hypervisor: .*kernel/);
});

test('up on a cloud that is up says so and changes nothing', async () => {
  const pids = (await units(lab)).map(({ pid }) => pid);
  const { code, stdout } = await lab.cli('up', ...lab.state);
  assert.equal(code, 0);
  assert.match(stdout, /up already/);
  assert.deepEqual(
    (await units(lab)).map(({ pid }) => pid),
    pids,
  );
});

test('a service that dies is started again', async () => {
  for (const name of ['attestation-server', 'node1-agent', 'node1-tpm']) {
    const pid = await pidOf(lab, name);
    process.kill(pid, 'SIGKILL');
    await until(`${name} is started again`, async () => {
      const unit = (await units(lab)).find((one) => one.name === name);
      return unit?.state === 'ready' && unit.pid !== pid;
    });
  }
  await until(
    'all verdicts are there again',
    async () => JSON.stringify(await verdicts(lab)) === JSON.stringify(expected),
  );
});

test('a tampered host becomes untrusted, and trusted again when it has rebooted', async () => {
  const before = await host('node2');
  const digest = randomBytes(32).toString('hex');
  execFileSync('tpm2_pcrextend', ['-T', 'swtpm:path=tpm.sock', `7:sha256=${digest}`], {
    cwd: join(lab.dir, 'hosts', 'node2'),
  });
  await until('node2 is untrusted', async () => (await host('node2')).verdict.trust === 'untrusted');
  const { code } = await lab.cli('lab', 'reboot', 'node2', ...lab.state);
  assert.equal(code, 0);
  await until('node2 is trusted', async () => (await host('node2')).verdict.trust === 'trusted');
  assert.equal((await host('node2')).verdict.reset_count, (before.verdict.reset_count ?? 0) + 1);
});

test('two clouds run side by side; one whose supervisor was killed is ended whole, the other not touched', async () => {
  const pids = (await units(lab)).map(({ pid }) => pid);
  const other = await startLab();
  const processes = () => processesOf(other.dir);
  try {
    assert.deepEqual(await verdicts(other), expected);
    const supervisor = JSON.parse(readFileSync(join(other.dir, 'run', 'supervisor.json'), 'utf8')).pid;
    process.kill(supervisor, 'SIGKILL');
    assert.ok(processes().length > 5);
    const { code, stderr } = await other.cli('lab', 'status', ...other.state);
    assert.equal(code, 1);
    assert.match(stderr, /^assay: .*run: assay up\n$/);
  } finally {
    await other.stop();
  }
  assert.deepEqual(processes(), []);
  assert.deepEqual(
    (await units(lab)).map(({ pid }) => pid),
    pids,
  );
});

test('a port in use is one line that names it, who has it and what to do', async () => {
  const taken = createServer().listen(8443, '127.0.0.1');
  const listening = await once(taken, 'listening').then(
    () => true,
    () => false, // a cloud on the usual ports has it: as good
  );
  const dir = mkdtempSync(join(tmpdir(), 'assay-lab-'));
  try {
    const { code, stderr } = await lab.cli('up', '--state', dir);
    assert.equal(code, 1);
    assert.match(stderr, /^assay: port \d+ on 127\.0\.0\.1: .*--ports auto\n$/);
    if (listening) assert.match(stderr, /\(pid \d+\)/); // whose cloud has it cannot be seen when another user's does
    assert.equal(existsSync(join(dir, 'run', 'supervisor.json')), false);
  } finally {
    if (listening) taken.close();
    rmSync(dir, { recursive: true });
  }
});

test('down ends all of it, and the next start finds the state again', async () => {
  const { ak_name } = (await host('node1')) as Host & { ak_name: string };
  assert.equal((await lab.cli('down', ...lab.state)).code, 0);
  assert.deepEqual(processesOf(lab.dir), []);
  const { code, stderr } = await lab.cli('status');
  assert.equal(code, 1);
  assert.match(stderr, /^assay: [^\n]+\n$/);
  assert.equal((await lab.cli('up', ...lab.state, '--ports', 'auto')).code, 0);
  assert.deepEqual(await verdicts(lab), expected);
  assert.equal(((await host('node1')) as Host & { ak_name: string }).ak_name, ak_name);
});
