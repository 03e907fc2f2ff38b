import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connectPeer, startPool, startTestHost, startTestServer } from '@assay/attestation/testing';
import { systemClock } from '@assay/daemon';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { corpusLog } from '@assay/measurement/testing';
import type { Brake, HostList, Journal, LearnResult, PolicyResult, ReferenceSummary } from '@assay/protocol';
import { type Assay, assayOf } from './testing/assay.ts';

function folderOf(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-operator-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
}

/** @returns what it printed, having succeeded */
async function done(assay: Assay, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await assay(args);
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}
const json = async <T>(assay: Assay, ...args: string[]) => JSON.parse(await done(assay, ...args, '--json')) as T;
const valuesOf = async (assay: Assay) =>
  (await json<{ values: ReferenceSummary[] }>(assay, 'reference', 'list')).values;

/** Each with its exit code. @returns what it complained of */
const [refused, misused, held] = [1, 2, 3].map((expected) => async (assay: Assay, ...args: string[]) => {
  const { code, stderr } = await assay(args);
  assert.equal(code, expected, `${args.join(' ')}: ${stderr}`);
  return stderr;
}) as [Complaint, Complaint, Complaint];
type Complaint = (assay: Assay, ...args: string[]) => Promise<string>;

test('a value lives as the commands say: retired with a reason, told apart, brought back, and never removed while a host rests on it', async (t) => {
  const { server } = await startPool(t);
  const assay = assayOf(t, server);
  const [value] = (await valuesOf(assay)).filter(({ component }) => component === 'hypervisor');
  const { id = '' } = value ?? {};
  const short = id.slice(0, 8);

  assert.match(
    await done(assay, 'reference', 'list', '--component', 'hypervisor'),
    new RegExp(`^${short} .*\\n?$`, 'm'),
  );
  assert.match(await done(assay, 'reference', 'show', short), /^hosts +node1$/m);
  const tried = await done(assay, 'reference', 'retire', short, '--dry-run');
  assert.match(tried, /^would retire hypervisor .*; the verdicts of 1 host rest on it: node1$/m);
  assert.match(tried, /^node1 +default +trusted +untrusted +measurement-retired: /m);
  assert.match(
    await held(assay, 'reference', 'retire', short, '--yes'),
    /at most 20 %.*1 of 1 trusted hosts.*--force --because/,
  );
  assert.equal((await server.host('node1')).verdict.trust, 'trusted');

  await done(assay, 'reference', 'retire', short, '--force', '--because', 'CVE-2026-1');
  const { verdict } = await server.host('node1');
  assert.deepEqual(
    [verdict.trust, verdict.findings.find(({ allowed }) => !allowed)?.code],
    ['untrusted', 'measurement-retired'],
  );
  assert.match(
    await done(assay, 'reference', 'list', '--state', 'retired'),
    new RegExp(`^${short} .* retired +since `, 'm'),
  );
  assert.match(
    await done(assay, 'host', 'explain', 'node1'),
    new RegExp(`assay reference reinstate ${id.slice(0, 8)}`),
  );
  assert.match(await done(assay, 'reference', 'history', short), /ada@console +reference-retire .* CVE-2026-1$/m);
  assert.match(await refused(assay, 'reference', 'promote', short), /expected a next one/);

  const back = await done(assay, 'reference', 'reinstate', short, '--until', '7d');
  assert.match(back, new RegExp(`^ {2}it is next: current at .*Z, or now: assay reference promote ${short}$`, 'm'));
  assert.match(await done(assay, 'reference', 'list', '--state', 'next'), new RegExp(`^${short} .* next +until `, 'm'));
  assert.equal((await server.host('node1')).verdict.trust, 'trusted');
  assert.match(await done(assay, 'reference', 'promote', short), /^promoted hypervisor /m);
  assert.match(await refused(assay, 'reference', 'remove', short), /reference-in-use/);
  assert.match(await misused(assay, 'reference', 'retire', 'linux'), /its id, or at least 6 characters of how/);
  assert.match(await misused(assay, 'reference', 'retire', id.slice(0, 5)), /at least 6 characters/);
});

test('a list is shown, imported as an update, exported, and known when it comes back; a dry run adds nothing', async (t) => {
  const { server } = await startPool(t);
  const assay = assayOf(t, server);
  const file = folderOf(t);
  const sums = file('sums', `${'ab'.repeat(32)}  /usr/bin/x\n`);
  const args = ['reference', 'import', sums, '--name', 'tool', '--version', '2', '--next', '--until', '14d'];
  const before = await valuesOf(assay);
  assert.match(
    await done(assay, ...args, '--dry-run'),
    /^would add operating system: tool 2, 1 file .*\n {4}sha256 abababababab… +\/usr\/bin\/x$/m,
  );
  assert.deepEqual(await valuesOf(assay), before);
  assert.match(await misused(assay, 'reference', 'import', sums, '--until', '14d'), /--until: expected --next/);

  const { added } = await json<LearnResult>(assay, ...args, '--because', 'rolled out');
  const [value] = added;
  assert.deepEqual(
    [value?.state, value?.by, value?.because, value?.version],
    ['next', 'ada@console', 'rolled out', '2'],
  );
  const exported = join(dirname(sums), 'fleet.json');
  await done(assay, 'reference', 'export', exported);
  assert.match(await refused(assay, 'reference', 'export', exported), /fleet\.json: expected a file that is not there/);
  assert.match(await done(assay, 'reference', 'import', exported), /already known: operating system: tool 2/);
  assert.equal((await valuesOf(assay)).length, before.length + 1);

  assert.match(await done(assay, 'reference', 'remove', value?.id ?? ''), /^removed operating system tool 2 /m);
  const gone = await done(assay, 'reference', 'history', value?.id.slice(0, 8) ?? '');
  assert.match(gone, /reference-remove [\s\S]*reference-add /, 'what is removed has a history');
  assert.match(await refused(assay, 'reference', 'history', '0123456'), /reference-not-found/);
  const piped = await assay(['reference', 'import', '-'], readFileSync(exported, 'utf8'));
  assert.equal(piped.code, 0, piped.stderr);
  const back = (await valuesOf(assay)).find(({ id }) => id === value?.id);
  assert.deepEqual([back?.state, back?.until, back?.source.kind], ['next', value?.until, 'import']);

  await done(assay, 'reference', 'retire', value?.id ?? '', '--because', 'over');
  await done(assay, 'reference', 'export', exported, '--overwrite');
  const elsewhere = assayOf(t, await startTestServer(t));
  assert.match(await done(elsewhere, 'reference', 'import', exported), /as retired since /);
  const moved = (await valuesOf(elsewhere)).find(({ id }) => id === value?.id);
  assert.deepEqual([moved?.state, moved?.retired_because], ['retired', 'over']);
  assert.match(moved?.source.name ?? '', /by ada@console: rolled out/);
});

test('an update says what it will replace, or that it replaces nothing; known values keep their window, retired ones are retired', async (t) => {
  const server = await startTestServer(t);
  const assay = assayOf(t, server);
  const file = folderOf(t);
  const list = (digest: string, version: string) => [
    ...['reference', 'import', file(version, `${digest.repeat(32)}  /usr/bin/x\n`)],
    ...['--name', 'tool', '--version', version],
  ];
  const nothing = /^ {2}replaces nothing: .* until it is retired by hand \(--replaces ID\)$/m;
  const first = await done(assay, ...list('aa', '1'));
  assert.doesNotMatch(first, /replaces/, 'it is no update');
  const [, old = ''] = /^added 1 value: ([0-9a-f]{8}); to take it back: assay reference retire \1$/m.exec(first) ?? [];
  assert.match(old, /./, first);

  const next = ['--next', '--until', '2999-01-01T00:00:00Z'];
  const replaces = new RegExp(`^ {2}replaces, at 2999-01-01 00:00Z: operating system tool 1 [(]${old}[)]$`, 'm');
  assert.match(await done(assay, ...list('bb', '2'), ...next, '--dry-run'), replaces);
  const applied = await done(assay, ...list('bb', '2'), ...next);
  assert.equal(applied.split('\n').filter((line) => replaces.test(line)).length, 2, 'before and after');
  const [, id = ''] = /^added 1 value: ([0-9a-f]{8})/m.exec(applied) ?? [];
  assert.match(await done(assay, 'reference', 'show', id), /^update +replaces, at .*: operating system tool 1 \(/m);
  const other = await done(assay, ...list('cc', '3'), ...next, '--name', 'other');
  assert.match(other, nothing);
  const two = [...list('e0', '5'), file('e1', `${'e1'.repeat(32)}  /usr/bin/z\n`), '--next', '--name', 'two'];
  assert.match(
    await done(assay, ...two),
    /^added 2 values: .*; to take them back: .*\n {2}\w{8}, \w{8}: replaces nothing/m,
  );
  const [, lone = ''] = /^added 1 value: ([0-9a-f]{8})/m.exec(other) ?? [];
  assert.match(await done(assay, 'reference', 'show', lone), /^update +replaces nothing: /m);

  assert.doesNotMatch(await done(assay, ...list('bb', '2'), ...next), /window/);
  const longer = await done(assay, ...list('bb', '2'), '--next', '--until', '2999-02-01T00:00:00Z');
  assert.match(longer, /already known: .*, its window was not changed: until 2999-01-01 00:00Z$/m);
  assert.match(await done(assay, ...list('aa', '1'), ...next), /already known: .*, it is current, and was not put/);

  await done(assay, 'reference', 'retire', old, '--because', 'over');
  const retired = await assay(list('aa', '1'));
  assert.match(retired.stdout, /^NOT good, for it was retired: operating system: tool 1, .* because “over”; to make/m);
  assert.match(retired.stderr, new RegExp(`reference-retired|none of it is good; .* assay reference reinstate ${old}`));
  assert.equal(retired.code, 1);
  await done(assay, ...list('aa', '1'), '--dry-run');
  const some = [...list('aa', '1'), file('good', `${'dd'.repeat(32)}  /usr/bin/y\n`)];
  assert.match(await done(assay, ...some), /^NOT good[\s\S]*^added 1 value/m, 'of what was asked for some is good');
  const again = await done(assay, 'reference', 'retire', old);
  assert.match(again, /^operating system tool 1 \(.*\) is retired already, since .*: nothing to do\n$/);
  assert.match(await done(assay, 'reference', 'reinstate', old), nothing);
});

test('a component that nobody defines is refused where values come in, and where they are listed', async (t) => {
  const server = await startTestServer(t);
  const assay = assayOf(t, server);
  const file = folderOf(t);
  const sums = file('sums', `${'ab'.repeat(32)}  /usr/bin/x\n`);
  const wrong = /--component: expected one of firmware, .*, got hypervsior; .*extras/;
  assert.match(await misused(assay, 'reference', 'import', sums, '--component', 'hypervsior'), wrong);
  const list = file('list.csv', `claim,component,sha256\nkernel image,hypervsior,${'ab'.repeat(32)}\n`);
  assert.match(await misused(assay, 'reference', 'import', list), /list\.csv: expected one of .*, got hypervsior/);
  assert.match(await misused(assay, 'reference', 'import-tree', dirname(sums), '--component', 'hypervsior'), wrong);
  assert.match(await misused(assay, 'reference', 'learn', 'node1', '--component', 'hypervsior'), wrong);
  assert.match(
    await misused(assay, 'reference', 'list', '--component', 'kernel'),
    /--component: expected one of firmware/,
  );
  assert.deepEqual(await valuesOf(assay), []);

  const extras = 'pool: default\nextras: [{name: tboot, pcrs: [17, 18]}]\nknown_good: [tboot]\n';
  await done(assay, 'policy', 'apply', file('extras.yaml', extras));
  const { added } = await json<LearnResult>(assay, 'reference', 'import', sums, '--component', 'operating system');
  assert.equal(added[0]?.component, 'operating_system');
  assert.match(await done(assay, 'reference', 'list', '--component', 'Operating-System'), /^\w{8} +operating system /m);
  assert.match(
    await done(assay, 'reference', 'list', '--component', 'tboot'),
    /^none of component tboot; there are values of operating system$/m,
  );
  assert.match(await done(assay, 'reference', 'list', '--state', 'retired'), /^none that is retired$/m);
});

test('a folder is imported by what boots, and what is left out is told with the reason', async (t) => {
  const server = await startTestServer(t);
  const assay = assayOf(t, server);
  const file = folderOf(t);
  const folder = dirname(file('README', 'read me'));
  const empty = await assay(['reference', 'import', folder]);
  assert.equal(empty.code, 1);
  assert.match(empty.stderr, /^left out, 1 file:\n {2}no kernel, no initrd, no EFI application: .*README$/m);
  file('initrd.img', '070701');
  const { code, stdout, stderr } = await assay(['reference', 'import', folder]);
  assert.deepEqual([code, /^added 1 value/m.test(stdout), /README/.test(stderr)], [0, true, true], stdout + stderr);
});

test('several values are retired together: when one of them may not be, none is', async (t) => {
  const { server } = await startPool(t);
  const assay = assayOf(t, server);
  const sums = folderOf(t)('sums', `${'ab'.repeat(32)}  /usr/bin/x\n`);
  const { added } = await json<LearnResult>(assay, 'reference', 'import', sums);
  const spare = added[0]?.id ?? '';
  const used = (await valuesOf(assay)).find(({ component }) => component === 'hypervisor')?.id ?? '';
  const because = ['--because', 'x'];
  const { code, stdout, stderr } = await assay(['reference', 'retire', spare, used, ...because]);
  assert.deepEqual([code !== 0, /nothing was changed/.test(stderr)], [true, true]);
  assert.match(stdout, /^would retire operating system [\s\S]*^would retire hypervisor /m);
  assert.match(await refused(assay, 'reference', 'retire', spare, 'ffffff'), /reference-not-found/);
  const states = async () =>
    (await valuesOf(assay)).filter(({ id }) => [spare, used].includes(id)).map((one) => one.state);
  assert.deepEqual(await states(), ['current', 'current']);
  await done(assay, 'reference', 'retire', spare, ...because);
  const both = await done(assay, 'reference', 'retire', spare, used, '--force', ...because);
  assert.match(
    both,
    /^operating system .* is retired already, .*: nothing to do\nwould retire hypervisor [\s\S]*^retired hypervisor /m,
  );
  assert.deepEqual(await states(), ['retired', 'retired']);
  const back = await done(assay, 'reference', 'reinstate', spare, used);
  assert.match(back, new RegExp(`^ {2}it is next: assay reference promote ${used.slice(0, 8)} makes it current$`, 'm'));
});

test('a file is what its claim says, a folder an allow list, and an option of the command never part of a value', async (t) => {
  const server = await startTestServer(t);
  const assay = assayOf(t, server);
  const initrd = folderOf(t)('initrd.img', 'made on this host');
  const options = ['--name', 'initrd', '--next', '--all', '--because', 'update'];
  const claimed = ['reference', 'import', initrd, '--claim', 'initrd file', ...options];
  const { added } = await json<LearnResult>(assay, ...claimed);
  const sha256 = createHash('sha256').update('made on this host').digest('hex');
  const [{ content, source, ...value } = assert.fail('nothing was added')] = added;
  assert.deepEqual(
    content.form === 'measurements' && content.measurements.map(({ claim, digests }) => [claim, digests['sha256']]),
    [['initrd file', sha256]],
  );
  assert.deepEqual(source, { kind: 'file', name: initrd, sha256 });
  assert.deepEqual(
    [value.component, value.name, value.state, value.because],
    ['operating_system', 'initrd', 'next', 'update'],
  );
  const folder = dirname(initrd);
  const tree = await json<LearnResult>(assay, 'reference', 'import-tree', folder, '--root', folder, '--yes');
  const [files] = tree.added;
  assert.deepEqual(files?.content, { form: 'files', files: [{ path: '/initrd.img', digests: { sha256 } }] });
});

test('a host is asked once to be learnt from, and what is added is what was shown', async (t) => {
  const host = await startTestHost(t);
  const server = await startTestServer(t, { softwareTpmCas: host.cas });
  const assay = assayOf(t, server);
  await done(assay, 'host', 'register', 'node1');
  const peer = await connectPeer(t, server);
  const answer = async () => {
    peer.send(await host.answer(await peer.expect('challenge')));
    await peer.expect('result');
  };
  peer.send(await host.answer(await host.greet(peer, 'node1')));
  await peer.expect('result');

  const args = ['reference', 'learn', 'node1', '--component', 'hypervisor', '--name', 'kernel', '--version', '6.1'];
  const [{ added }] = await Promise.all([json<LearnResult>(assay, ...args), answer()]);
  assert.deepEqual(
    added.map(({ component, name, version, source, by }) => [component, name, version, source.kind, source.name, by]),
    [['hypervisor', 'kernel', '6.1', 'host', 'node1', 'ada@console']],
  );
  assert.match(added[0]?.source.sha256 ?? '', /^[0-9a-f]{64}$/);
  const [diff] = await Promise.all([done(assay, 'reference', 'diff', added[0]?.id ?? '', 'node1'), answer()]);
  assert.equal(diff, 'no difference: the same 2\n');
});

const policyOf = (rest: string) => `pool: default
tpm: {software: true, virtual: true}
known_good: [firmware, boot_loader, hypervisor, operating_system]
${rest}`;

test('a policy is tried, refused by the brake, forced with a reason, and gone back from', async (t) => {
  const { server } = await startPool(t);
  const assay = assayOf(t, server);
  const file = folderOf(t);
  const strict = file(
    'strict.yaml',
    policyOf('ima: {required: true}\nextras: [{name: nothing, pcrs: [15]}]\n').replace(
      '[firmware,',
      '[nothing, firmware,',
    ),
  );
  const tried = await done(assay, 'policy', 'try', strict);
  assert.match(tried, /^would replace version 1 of the policy of pool default\n\nHOST .*\nnode1 +default +trusted +/m);
  assert.match(tried, /the brake would refuse this \(more than 20 %\), unless with --force --because "…"$/m);
  assert.match(
    await held(assay, 'policy', 'apply', strict, '--yes'),
    /1 of 1 trusted hosts would lose trust.*--force --because/,
  );
  assert.match(await misused(assay, 'policy', 'apply', strict, '--force'), /--force: expected --because/);
  assert.equal((await server.host('node1')).verdict.trust, 'trusted');

  const { policy } = await json<PolicyResult>(assay, 'policy', 'apply', strict, '--force', '--because', 'audit');
  assert.deepEqual([policy?.version, policy?.by, policy?.because], [2, 'ada@console', 'audit']);
  assert.notEqual((await server.host('node1')).verdict.trust, 'trusted');
  assert.match(await done(assay, 'policy', 'history', 'default'), /^2 .* ada@console +audit +known_good, /m);

  const first = file('first.yaml', await done(assay, 'policy', 'show', 'default', '--version', '1'));
  assert.match(
    await done(assay, 'policy', 'apply', first),
    /1 would gain it[\s\S]*version 3 .*; to go back: assay policy show default --version 2 \| assay policy apply -$/m,
  );
  assert.match(
    await done(assay, 'policy', 'apply', first),
    /^pool default has version 3 of its policy, as before: .*in force already\n$/,
  );
  assert.equal((await server.host('node1')).verdict.trust, 'trusted');
  assert.match(
    await refused(assay, 'policy', 'apply', file('wrong.yaml', policyOf('ima: {requierd: true}\n'))),
    /wrong\.yaml:4:7: ima\.requierd: /,
  );
  await done(assay, 'policy', 'remove', 'default', '--force', '--because', 'over');
  assert.match(await done(assay, 'policy', 'list'), /^none, so no host is trusted/);
  assert.match(await refused(assay, 'policy', 'show', 'default'), /removed.*assay policy history default/);
});

test('the schema that is printed is the one that is published', async (t) => {
  const assay = assayOf(t, { url: '', caFile: '', blob: '' });
  const published = readFileSync(join(import.meta.dirname, '../../../docs/policy.schema.json'), 'utf8');
  assert.deepEqual(JSON.parse(await done(assay, 'policy', 'schema')), JSON.parse(published));
});

test('labels put a host into a pool, and it is shown with its verdict there', async (t) => {
  const { server } = await startPool(t);
  const assay = assayOf(t, server);
  const file = folderOf(t);
  const dmz = file('dmz.yaml', policyOf('labels: {zone: dmz}\n').replace('pool: default', 'pool: dmz'));
  const nobody =
    /^pool dmz has no policy; this would be in force\nno host has zone=dmz, .*: assay host label NAME zone=dmz$/m;
  assert.match(await done(assay, 'policy', 'try', dmz), nobody);
  assert.match(await refused(assay, 'host', 'list', '--pool', 'dmz'), /--pool: expected a pool .*: default, got dmz/);
  await done(assay, 'policy', 'apply', dmz);
  assert.match(await done(assay, 'host', 'list', '--pool', 'dmz'), /no host is in pool dmz/);
  assert.match(await done(assay, 'host', 'label', 'node1', 'zone=dmz'), /^node1: zone=dmz; in pools default, dmz$/m);
  assert.match(await done(assay, 'host', 'list', '--pool', 'dmz'), /^node1 +(trusted|unknown)/m);
  const { hosts } = await json<HostList>(assay, 'host', 'list', '--pool', 'dmz');
  assert.deepEqual(
    hosts.map(({ name }) => name),
    ['node1'],
  );
  assert.match(await done(assay, 'host', 'show', 'node1'), /^pool dmz$/m);
  const other = file('other.yaml', `${readFileSync(dmz, 'utf8')}description: another\n`);
  assert.doesNotMatch(await done(assay, 'policy', 'try', other), /no host/);
  assert.match(await done(assay, 'host', 'label', 'node1', 'zone-'), /^node1: no labels; in pools default$/m);
  const because = ['--because', 'moved to the other rack'];
  await done(assay, 'host', 'label', 'node1', 'rack=2', ...because);
  const { body } = await server.call('GET', '/v1/journal?action=host-label');
  const [line] = (body as Journal).entries;
  assert.deepEqual([line?.by, line?.because], ['ada@console', 'moved to the other rack']);
  assert.match(await misused(assay, 'host', 'label', 'node1', 'zone'), /expected NAME=VALUE/);
});

test('tags are set and taken away, and the command says what the TPM made of them', async (t) => {
  const { server, host, peer: before } = await startPool(t);
  before.cut();
  const assay = assayOf(t, server);
  assert.match(await done(assay, 'host', 'tag', 'node1'), /^node1: none$/m);
  while ((await server.host('node1')).connected);
  const away = await done(assay, 'host', 'tag', 'node1', 'country=DE', '--because', 'rack 7');
  assert.match(away, /^node1: country=DE, pending: its agent is not connected$/m);

  const peer = await connectPeer(t, server);
  peer.send({ type: 'hello', version: 1, host: 'node1', agent: 'test', ak_name: host.akName, writes_tags: true });
  const answer = async () => {
    peer.send(await host.answer(await peer.expect('challenge')));
    await peer.expect('result');
  };
  const write = async () => {
    const { record } = await peer.expect('tag');
    await host.putTags(Buffer.from(record, 'base64'));
    await answer();
  };
  await write();
  assert.match(await done(assay, 'host', 'tag', 'node1'), /^node1: country=DE, certified by its TPM$/m);
  assert.match(await done(assay, 'host', 'show', 'node1'), /^tags +country=DE, certified by its TPM$/m);
  assert.match(await done(assay, 'host', 'explain', 'node1'), /^asset tags its TPM certified: country=DE$/m);
  const { hosts } = await json<HostList>(assay, 'host', 'list');
  assert.deepEqual(hosts[0]?.verdict.tags, { country: 'DE' });

  const more = done(assay, 'host', 'tag', 'node1', 'zone=fra1', 'country-');
  await write();
  assert.match(await more, /^node1: zone=fra1, certified by its TPM$/m);
  const failing = assay(['host', 'tag', 'node1', 'zone=fra2']);
  const { serial } = await peer.expect('tag');
  peer.send({ type: 'failed', tag: serial, code: 'tpm-rc-nv-space', message: 'no room' });
  await answer();
  const failed = await failing;
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /^node1: zone=fra2, pending: tpm-rc-nv-space: no room$/m);

  const { body } = await server.call('GET', '/v1/journal?action=host-tag');
  const [line] = (body as Journal).entries.slice(-1);
  assert.deepEqual([line?.by, line?.because], ['ada@console', 'rack 7']);
  for (const wrong of ['country', 'a b=c', '=DE', 'country=', `country=${'x'.repeat(256)}`])
    assert.match(await misused(assay, 'host', 'tag', 'node1', wrong), /tag/);
});

test('a kernel nobody planned: explained, accepted exactly as it was shown, trusted again', async (t) => {
  const { server } = await startPool(t);
  const assay = assayOf(t, server);
  const lab = parseEventLog(corpusLog('ovmf-linux-6.1'));
  const kernel = createHash('sha256').update('another kernel').digest();
  const log = writeEventLog(withDigests(lab, 10, { sha256: kernel }));
  const host = await startTestHost(t, { identity: 'two', log });
  await done(assay, 'host', 'register', 'node2');
  const peer = await connectPeer(t, server);
  peer.send(await host.answer(await host.greet(peer, 'node2')));
  await peer.expect('result');

  const told = await done(assay, 'host', 'explain', 'node2');
  assert.match(told, /^node2 is untrusted in pool default: /);
  assert.match(told, /^ {2}event +10 of the boot log: PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION$/m);
  assert.match(told, new RegExp(`^ {2}expected +sha256 ${lab.events[10]?.digests.sha256?.toHex()}$`, 'm'));
  assert.match(told, new RegExp(`^ {2}seen +sha256 ${kernel.toHex()}$`, 'm'));
  const [command = ''] = /assay host accept node2 --component hypervisor --because "…"/.exec(told) ?? [];
  const args = command.replace(' --because "…"', '').split(' ').slice(1);

  assert.match(await done(assay, ...args, '--dry-run'), /^would add hypervisor: /);
  assert.match(await misused(assay, ...args), /--because: expected why this is good/);
  assert.match(
    await misused(assay, ...args, '--path', '/usr/bin/x', '--because', 'x'),
    /expected operating_system with --path, or none, got "?hypervisor/,
  );
  assert.match(
    await refused(assay, 'host', 'accept', 'node2', '--path', '/usr/bin/x', '--because', 'x'),
    /accept-not-found/,
  );
  const shown = await done(assay, ...args, '--because', 'rolled out by hand', '--dry-run');
  assert.match(
    shown,
    new RegExp(
      `^would add hypervisor: .*1 single measurement .*from accepted node2.*\n {4}kernel image +sha256 ${kernel.toHex().slice(0, 12)}…`,
      'm',
    ),
  );
  assert.match(shown, /^node2 +default +untrusted +trusted +/m);
  assert.equal((await server.host('node2')).verdict.trust, 'untrusted');

  const { added } = await json<LearnResult>(assay, ...args, '--because', 'rolled out by hand');
  assert.deepEqual(
    added.map(({ content, by, because }) => [content.form, by, because]),
    [['measurements', 'ada@console', 'rolled out by hand']],
  );
  assert.equal((await server.host('node2')).verdict.trust, 'trusted');
  assert.match(await done(assay, 'host', 'history', 'node2'), /^.* trusted .*\n.* untrusted /m);
  assert.match(await refused(assay, ...args, '--because', 'again'), /accept-not-found/);
});

test('status and brake say that nothing is held; releasing wants a reason', async (t) => {
  const { server } = await startPool(t);
  const assay = assayOf(t, server);
  assert.match(await done(assay, 'status'), /^NAME +VERDICT.*\nnode1 +trusted/);
  const { brake } = await json<{ brake: Brake }>(assay, 'status');
  assert.equal(brake.engaged, false);
  assert.match(await done(assay, 'brake'), /^the brake is not engaged/);
  assert.match(await misused(assay, 'brake', 'release'), /--because/);
  await done(assay, 'brake', 'release', '--because', 'an exercise');
  assert.equal(await done(assay, 'brake', 'history'), 'nothing was changed so far\n');
  await done(assay, 'host', 'register', 'node2');
  const { registry } = server.server;
  const { verdict } = registry.current('node1');
  const at = { uptimeMs: systemClock.uptimeMs(), bootId: systemClock.bootId };
  for (const [round, trust] of [
    [98, 'trusted'],
    [99, 'untrusted'],
  ] as const)
    for (const host of ['node1', 'node2'])
      registry.accept({ host, round, revision: 99, verdicts: [{ ...verdict, host, trust }], ...at });
  assert.match(await done(assay, 'status'), /^BRAKE engaged since .*: 2 of 2 trusted hosts.*node1, node2$/m);
  await done(assay, 'brake', 'release', '--because', 'an exercise');
  const [released, engaged] = (await done(assay, 'brake', 'history')).split('\n').slice(1);
  assert.match(released ?? '', / brake-release .* an exercise$/);
  assert.match(engaged ?? '', / assay +brake-engage /);
});
