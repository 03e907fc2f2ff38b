// The story an operator lives with what is known good: an update that was planned turns nobody red, one that was not is explained and accepted in
// one step, what was retired stays out, a policy is rehearsed before it is applied, and a changed program is named. With the commands, read as printed.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { httpsRequest } from '@assay/daemon';
import { authenticodeDigest, readPe } from '@assay/measurement';
import type { Host, PollHostsAnswer, ReferenceList } from '@assay/protocol';
import { cell, ok, until } from './clients.ts';
import { type Lab, startLab } from './lab.ts';

let lab: Lab;
const work = mkdtempSync(join(tmpdir(), 'assay-known-good-'));
before(async () => {
  lab = await startLab();
});
after(async () => {
  await lab?.stop();
  rmSync(work, { recursive: true });
});

const assay = async (...args: string[]) => ok(await lab.cli(...args));
/** What a command that must fail says. */
const refused = async (...args: string[]) => {
  const { code, stdout, stderr } = await lab.cli(...args);
  assert.notEqual(code, 0, stdout);
  return stdout + stderr;
};
/** Asked without a command where nobody reads it: a command takes longer than the answer. */
const rest = async <T>(method: string, path: string, asks?: unknown): Promise<T> => {
  const { body } = await httpsRequest({
    url: `${lab.env['ASSAY_SERVER']}${path}`,
    method,
    headers: { 'x-auth-blob': readFileSync(String(lab.env['ASSAY_AUTH_BLOB_FILE']), 'utf8').trim() },
    ca: readFileSync(String(lab.env['ASSAY_CA_FILE']), 'utf8'),
    ...(asks !== undefined && { body: asks }),
  });
  return JSON.parse(body.toString()) as T;
};
const host = (name: string) => rest<Host>('GET', `/v1/hosts/${name}`);
const values = async (...args: string[]) =>
  (JSON.parse(await assay('reference', 'list', '--json', ...args)) as ReferenceList).values;
/** Asks the host now, and has the trust that came of it. */
const attested = async (name: string): Promise<Host['verdict']> =>
  JSON.parse(await assay('host', 'attest', name, '--json')).verdict;

/** Reboots; returns when there is a verdict on the new boot. */
async function rebooted(name: string, ...how: string[]): Promise<Host['verdict']> {
  const { reset_count: before = 0 } = (await host(name)).verdict;
  await assay('lab', 'reboot', name, ...how, ...lab.state);
  await until(`${name} is attested after its reboot`, async () => {
    const { reset_count: now = 0 } = (await host(name)).verdict;
    return now > before;
  });
  return (await host(name)).verdict;
}

/** What Nova's scheduler would be told of the host meanwhile, asked as often as it answers. */
async function toldWhile<T>(name: string, work: () => Promise<T>): Promise<{ told: string[]; result: T }> {
  const told: string[] = [];
  let over = false;
  const asking = (async () => {
    while (!over) {
      const { hosts } = await rest<PollHostsAnswer>('POST', '/OpenAttestationWebServices/V1.0/PollHosts', {
        count: 1,
        hosts: [name],
      });
      told.push(hosts[0]?.trust_lvl ?? 'nothing');
      await delay(20);
    }
  })();
  try {
    return { result: await work(), told };
  } finally {
    over = true;
    await asking;
  }
}

const sha256 = (file: string) =>
  Buffer.from(authenticodeDigest(readPe(readFileSync(file), file), 'sha256')).toString('hex');
/** The kernel of Debian that the update brings, its package, and one that nobody planned: another byte in it. */
const update = () => join(lab.dir, 'image', 'kernel');
const updatePackage = () => {
  const cache = fileURLToPath(new URL('../image/.cache', import.meta.url));
  const name = readdirSync(cache).find((one) => /^linux-image-.*\.deb$/.test(one));
  assert.ok(name, `a kernel's package in ${cache}`);
  return join(cache, name);
};
const unplanned = join(work, 'vmlinuz-patched');
const short = (digest: string) => digest.slice(0, 8);

test('what a golden host taught is listed with where it comes from, and is nothing new when it is learnt again', async () => {
  const learnt = await values();
  assert.deepEqual(
    learnt.map(({ component, state, source }) => [component, state, `${source.kind} ${source.name}`]).sort(),
    ['boot_loader', 'firmware', 'hypervisor', 'operating_system'].map((name) => [name, 'current', 'host node1']),
  );
  assert.deepEqual(learnt.find(({ component }) => component === 'hypervisor')?.hosts, ['node1', 'node2']);
  await assay('reference', 'learn', 'node2', '--dry-run');
  assert.equal((await values()).length, learnt.length);
});

test('a host that is upgraded to a kernel that was planned is trusted throughout', async () => {
  const planned = ['--next', '--until', '14d', '--no-files', '--because', 'security update'];
  const dry = await assay('reference', 'import-package', updatePackage(), ...planned, '--dry-run');
  assert.match(dry, new RegExp(short(sha256(update()))), 'what would be added is shown');
  assert.equal((await values('--state', 'next')).length, 0);
  await assay('reference', 'import-package', updatePackage(), ...planned);
  const [next, ...more] = await values('--state', 'next');
  assert.deepEqual([next?.component, more.length], ['hypervisor', 0]);
  assert.match(next?.name ?? '', /linux-image/);

  const { told, result } = await toldWhile('node2', () => rebooted('node2', '--kernel', update()));
  assert.equal(result.trust, 'trusted', result.reason);
  assert.deepEqual([...new Set(told)], ['trusted']);
  assert.ok(told.length > 20, `${told.length} questions`);
  const hypervisor = result.components.find(({ component }) => component === 'hypervisor');
  assert.ok(hypervisor?.values?.includes(next?.id ?? ''), 'its verdict rests on what was planned');
});

test('the old is retired when the last host has moved, not before; who still runs it then is told so', async () => {
  const [old] = await values('--component', 'hypervisor', '--state', 'current');
  assert.ok(old);
  const said = ['--component', 'hypervisor', '--name', 'Debian kernel', '--version', '6.1.192'];
  const window = ['--next', '--replaces', old.id, '--because', 'the update, whole'];
  await assay('reference', 'learn', 'node2', ...said, ...window);
  const next = (await values('--state', 'next')).find(({ form }) => form === 'sequence');
  assert.ok(next);

  const needed = await refused('reference', 'promote', next.id, '--because', 'done');
  assert.match(needed, /node1 +default +trusted +untrusted/, 'who still needs it');
  assert.match(needed, /--force/);
  assert.equal((await values('--state', 'retired')).length, 0);

  assert.equal((await rebooted('node1', '--kernel', update())).trust, 'trusted');
  await assay('reference', 'promote', next.id, '--because', 'all hosts have moved');
  assert.deepEqual(
    (await values('--state', 'retired')).map(({ id }) => id),
    [old.id],
  );
  for (const name of ['node1', 'node2']) assert.equal((await host(name)).verdict.trust, 'trusted');

  const back = await rebooted('node1', '--kernel', 'golden');
  assert.equal(back.trust, 'untrusted');
  assert.ok(
    back.findings.some(({ code }) => code === 'measurement-retired'),
    JSON.stringify(back.findings),
  );
  const explained = await assay('host', 'explain', 'node1');
  assert.match(explained, /retired/);
  assert.match(explained, /all hosts have moved/, 'why it was retired');
  assert.match(await refused('host', 'accept', 'node1', '--component', 'kernel', '--because', 'x', '--yes'), /retired/);
  assert.equal((await rebooted('node1', '--kernel', update())).trust, 'trusted');
});

test('a kernel that was not planned makes untrusted, is explained in words, accepted in one step, and trusted again', async () => {
  const bytes = readFileSync(update());
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(unplanned, bytes);
  const verdict = await rebooted('node2', '--kernel', unplanned);
  assert.equal(verdict.trust, 'untrusted');
  assert.ok(
    verdict.findings.some(({ code }) => code === 'measurement-unknown'),
    JSON.stringify(verdict.findings),
  );

  const explained = await assay('host', 'explain', 'node2');
  for (const [what, told] of [
    ['component', /hypervisor/],
    ['what was measured', /kernel image/],
    ['event', /event 10\b/],
    ['old digest', new RegExp(short(sha256(update())))],
    ['new digest', new RegExp(short(sha256(unplanned)))],
    ['when it last was good', /last good +\d{4}-/],
    ['what it resembles, with its version', /resembles +same kernel command line as Debian kernel 6\.1\.192/],
    ['command', /assay host accept node2 --component/],
  ] as const)
    assert.match(explained, told, `${what} in\n${explained}`);

  const accept = ['host', 'accept', 'node2', '--component', 'kernel', '--because', 'built here for bug 4711'];
  await assay(...accept, '--yes');
  assert.equal((await host('node2')).verdict.trust, 'trusted', 'at once, by the evidence that is there');
  const [accepted, ...more] = (await values()).filter(({ source }) => source.kind === 'accepted');
  assert.deepEqual([accepted?.component, accepted?.count, more.length], ['hypervisor', 1, 0]);
  const history = await assay('reference', 'history');
  assert.match(history, /built here for bug 4711/);
  assert.match(await assay('host', 'history', 'node2'), /untrusted.*trusted/s);
  assert.equal(
    (await rebooted('node2', '--command-line', 'init=/bin/sh')).trust,
    'untrusted',
    'exactly that and no more',
  );
  assert.equal((await rebooted('node2', '--command-line', 'golden')).trust, 'trusted');
});

test('a policy is tried without effect, refused by the brake, and forced with a reason', async () => {
  const strict = join(work, 'strict.yaml');
  const inForce = join(work, 'in-force.yaml');
  writeFileSync(inForce, await assay('policy', 'show', 'default'));
  writeFileSync(strict, `${readFileSync(inForce, 'utf8')}\nsecure_boot:\n  state: on\n`);
  const tried = await assay('policy', 'try', strict);
  for (const name of ['node1', 'node2'])
    assert.match(tried, new RegExp(`${name} +default +trusted +untrusted.*secure`, 'i'));
  const trusted = async () => (await Promise.all(['node1', 'node2'].map(attested))).map(({ trust }) => trust);
  assert.deepEqual(await trusted(), ['trusted', 'trusted'], 'trying it has changed nothing');

  const braked = await refused('policy', 'apply', strict, '--yes');
  assert.match(braked, /--force --because/);
  assert.match(await refused('policy', 'apply', strict, '--force', '--yes'), /--because/);
  assert.deepEqual(await trusted(), ['trusted', 'trusted'], 'what was refused has changed nothing');

  await assay('policy', 'apply', strict, '--force', '--because', 'Secure Boot from today on', '--yes');
  assert.deepEqual(
    (await Promise.all(['node1', 'node2'].map(host))).map(({ verdict }) => verdict.trust),
    ['untrusted', 'untrusted'],
    'judged anew at once, by the evidence that is there',
  );
  assert.match(await assay('policy', 'history', 'default'), /Secure Boot from today on/);
  await assay('policy', 'apply', inForce, '--because', 'not yet', '--yes');
  assert.deepEqual(await trusted(), ['trusted', 'trusted']);
});

test('a program that was changed and run on one host is named by its path within one round', async () => {
  const [program, changed] = [join(work, 'program'), join(work, 'changed')];
  writeFileSync(program, '#!/bin/sh\necho as released\n');
  writeFileSync(changed, '#!/bin/sh\necho something else\n');
  const run = (name: string, file: string) => assay('lab', 'run', name, file, '--as', '/usr/bin/report', ...lab.state);
  for (const name of ['node1', 'node2']) await run(name, program);
  for (const name of ['node1', 'node2']) assert.equal((await attested(name)).trust, 'trusted');
  await assay(
    'reference',
    'learn',
    'node1',
    '--component',
    'operating_system',
    '--because',
    'what runs there',
    '--yes',
  );
  const policy = join(work, 'files.yaml');
  writeFileSync(policy, `${await assay('policy', 'show', 'default')}\nima:\n  files: known-good\n`);
  await assay('policy', 'apply', policy, '--because', 'files are known by now', '--yes');
  for (const name of ['node1', 'node2']) assert.equal((await attested(name)).trust, 'trusted');

  await run('node2', changed);
  const verdict = await attested('node2');
  assert.equal(verdict.trust, 'untrusted');
  const finding = verdict.findings.find(({ code }) => code === 'ima-file-changed');
  assert.match(finding?.message ?? JSON.stringify(verdict.findings), /\/usr\/bin\/report/);
  assert.match(await assay('host', 'explain', 'node2'), /\/usr\/bin\/report/);
  assert.equal((await attested('node1')).trust, 'trusted');
});

test('a flavor that asks for a pool lands on a host trusted in it, and the scheduler says which pool refused the others', async () => {
  const policy = join(work, 'vault.yaml');
  writeFileSync(
    policy,
    'pool: vault\nlabels: { room: vault }\ntpm: { software: true }\nknown_good: [firmware, boot_loader, hypervisor]\n',
  );
  await assay('policy', 'apply', policy, '--because', 'hosts behind the second door');
  await assay('host', 'label', 'node1', 'room=vault');
  ok(await lab.nova('flavor-key', 'm1.tiny', 'set', 'trust:pool=vault'));
  ok(await lab.nova('boot', '--flavor', 'm1.tiny', '--image', 'assay-mini', '--poll', 'treasure'));
  assert.equal(cell(ok(await lab.nova('show', 'treasure')), 'OS-EXT-SRV-ATTR:host'), 'node1');
  const explained = await assay('scheduler', 'explain', 'treasure');
  assert.match(explained, /asks for trusted hosts of pool vault/);
  assert.match(explained, /node2 +refused by TrustedFilter +pool vault: the attestation server has no verdict on it/);
});
