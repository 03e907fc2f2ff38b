// A host that boots something else is explained, accepted and trusted again, through a running server.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { labDocument } from '@assay/appraisal';
import { systemClock } from '@assay/daemon';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { corpusLog } from '@assay/measurement/testing';
import type { AcceptResult, Explanation, HostHistory, Journal, ReferenceList, Verdict } from '@assay/protocol';
import { check, Explanation as ExplanationSchema, HostHistory as HostHistorySchema, toBase64 } from '@assay/protocol';
import { connectPeer, type Pool, startPool, startTestHost } from '../testing/index.ts';

const lab = parseEventLog(corpusLog('ovmf-linux-6.1'));
const kernelEvent = 10;
const other = createHash('sha256').update('another kernel').digest();
const otherKernel = writeEventLog(withDigests(lab, kernelEvent, { sha256: other }));
const codeOf = (body: unknown) => (body as { error: { code: string } }).error.code;

/** node1 is golden; the others boot another kernel. */
async function fleet(t: TestContext, ...names: string[]) {
  const pool = await startPool(t);
  const { server } = pool;
  const hosts = new Map<string, Verdict>();
  for (const [i, name] of names.entries()) {
    const host = await startTestHost(t, { identity: ['two', 'three'][i] ?? 'four', log: otherKernel });
    await server.call('POST', '/v1/hosts', { name });
    const peer = await connectPeer(t, server);
    peer.send(await host.answer(await host.greet(peer, name)));
    await peer.expect('result');
    hosts.set(name, (await server.host(name)).verdict);
  }
  return { ...pool, hosts };
}

async function explanation(server: Pool['server'], name: string, query = ''): Promise<Explanation> {
  const { status, body } = await server.call('GET', `/v1/hosts/${name}/explanation${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return check(ExplanationSchema, body, 'explanation');
}

test('another kernel is explained: component, event, digests, who else has it, what it resembles, what would mend it', async (t) => {
  const { server, hosts } = await fleet(t, 'node2', 'node3');
  assert.equal(hosts.get('node2')?.trust, 'untrusted');
  // Booted the known kernel, and sends the log of the other one: nothing says that it runs it.
  const liar = await startTestHost(t, { identity: 'four' });
  await server.call('POST', '/v1/hosts', { name: 'node4' });
  const line = await connectPeer(t, server);
  const { evidence, ...frame } = await liar.answer(await liar.greet(line, 'node4'));
  line.send({ ...frame, evidence: { ...evidence, event_log: toBase64(otherKernel) } });
  await line.expect('result');

  const told = await explanation(server, 'node2');
  assert.equal(told.differences.length, 1);
  const [difference] = told.differences;
  assert.equal(difference?.component, 'hypervisor');
  assert.equal(difference.claim, 'kernel image');
  assert.deepEqual(difference.event, { index: kernelEvent, pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION' });
  assert.equal(difference.expected, `sha256 ${lab.events[kernelEvent]?.digests.sha256?.toHex()}`);
  assert.equal(difference.seen, `sha256 ${other.toHex()}`);
  assert.deepEqual(
    difference.also_on,
    ['node3'],
    'not node1, which runs the known one, not node2 itself, not node4, which lies',
  );
  assert.match(
    difference.resembles ?? '',
    /^same kernel command line as what was learnt from node1 .*, other kernel image$/,
  );
  assert.equal(difference.last_good, undefined, 'it never was');
  assert.ok(told.commands.some(({ command }) => command.startsWith('assay host accept node2 --component hypervisor')));
  assert.match(told.summary, /^node2 is untrusted in pool default: event 10 .* another kernel image/);
});

test('who else shows the same whole component, or the same value of a PCR, is told', async (t) => {
  const { server } = await fleet(t, 'node2');
  const join = async (identity: string, name: string, log: Uint8Array) => {
    const host = await startTestHost(t, { identity });
    await server.call('POST', '/v1/hosts', { name });
    const peer = await connectPeer(t, server);
    const { evidence, ...frame } = await host.answer(await host.greet(peer, name));
    peer.send({ ...frame, evidence: { ...evidence, event_log: toBase64(log) } });
    await peer.expect('result');
  };
  await join('three', 'node3', writeEventLog(lab));
  // Booted the known kernel, and sends the log of the other one.
  await join('four', 'node4', otherKernel);
  const { values } = (await server.call('GET', '/v1/reference')).body as ReferenceList;
  const because = { because: 'oops at 3am', force: true };
  for (const { id, component } of values)
    if (component === 'hypervisor')
      assert.equal((await server.call('POST', '/v1/reference/retire', { ids: [id], ...because })).status, 200);
  const [whole, ...rest] = (await explanation(server, 'node1')).differences;
  assert.deepEqual(rest, []);
  assert.match(whole?.text ?? '', /^the hypervisor as a whole is .*retired/);
  assert.deepEqual(whole?.also_on, ['node3'], 'not node2, which has another kernel, not node4, which lies');

  const extras = [{ name: 'rack', pcrs: [1] }];
  const document = { ...labDocument, known_good: ['firmware', 'rack'], extras };
  const noRack = { document, force: true, because: 'x' };
  assert.equal((await server.call('POST', '/v1/policies', noRack)).status, 200);
  const [missing] = (await explanation(server, 'node1')).differences;
  assert.deepEqual([missing?.finding.code, missing?.also_on], ['reference-missing', ['node2', 'node3', 'node4']]);
  const values1 = [{ bank: 'sha256', pcr: 1, value: 'ab'.repeat(32) }];
  const rack = {
    component: 'rack',
    content: { form: 'pcr-values', values: values1 },
    source: { kind: 'list', name: 'x' },
  };
  assert.equal((await server.call('POST', '/v1/reference', { values: [rack] })).status, 200);
  const [extra] = (await explanation(server, 'node1')).differences;
  assert.deepEqual([extra?.component, extra?.claim], ['rack', 'PCR 1']);
  assert.deepEqual(extra?.also_on, ['node2', 'node3', 'node4'], 'a quote proves it, whatever the log says');
});

test('exactly what differs is accepted: with a reason, once looked at, written down; hosts that show it are trusted at once', async (t) => {
  const { server } = await fleet(t, 'node2', 'node3');
  const accept = (body: object, name = 'node2') => server.call('POST', `/v1/hosts/${name}/accept`, body);
  const because = 'new kernel of November';
  const [golden] = (await server.call('GET', '/v1/hosts/node1')).body ? [(await server.host('node1')).verdict] : [];
  const { verdict } = await server.host('node2');

  const silent = await accept({ component: 'kernel' });
  assert.deepEqual([silent.status, codeOf(silent.body)], [400, 'accept-because-missing']);
  const blank = await accept({ component: 'kernel', because: '  ' });
  assert.equal(codeOf(blank.body), 'accept-because-missing');
  const stale = await accept({ component: 'kernel', because, evidence_sha256: golden?.evidence_sha256 });
  assert.deepEqual([stale.status, codeOf(stale.body)], [409, 'accept-stale']);
  const nothing = await accept({ component: 'firmware', because });
  assert.deepEqual([nothing.status, codeOf(nothing.body)], [404, 'accept-not-found']);
  const foreign = await accept({ component: 'kernel', because, pool: 'elsewhere' });
  assert.deepEqual([foreign.status, codeOf(foreign.body)], [404, 'pool-not-found']);
  assert.match(JSON.stringify(foreign.body), /one that a policy names/);
  assert.equal((await accept({ component: 'kernel', because }, 'node9')).status, 404);

  const sha = { evidence_sha256: verdict.evidence_sha256 };
  const dry = (await accept({ component: 'kernel', because, dry_run: true, ...sha })).body as AcceptResult;
  assert.equal(dry.added.length, 1);
  assert.deepEqual(
    dry.rehearsal?.changes.map(({ host, before, after }) => [host, before, after]),
    [
      ['node2', 'untrusted', 'trusted'],
      ['node3', 'untrusted', 'trusted'],
    ],
  );
  assert.equal((await server.host('node2')).verdict.trust, 'untrusted', 'a dry run does nothing');
  const changed = await accept({ component: 'kernel', because, values: ['another thing than this host shows'] });
  assert.deepEqual([changed.status, codeOf(changed.body)], [409, 'accept-stale']);

  const { status, body } = await accept({
    ...{ component: 'kernel', because, by: 'anna@desk', ...sha },
    values: dry.added.map(({ id }) => id),
  });
  assert.equal(status, 200, JSON.stringify(body));
  const [value] = (body as AcceptResult).added;
  assert.deepEqual(value?.content, {
    form: 'measurements',
    measurements: [
      {
        claim: 'kernel image',
        digests: { sha256: other.toHex() },
        description: value?.content.form === 'measurements' ? value.content.measurements[0]?.description : '',
      },
    ],
  });
  assert.deepEqual(value?.source, { kind: 'accepted', name: 'node2', sha256: verdict.evidence_sha256 });
  for (const name of ['node1', 'node2', 'node3'])
    assert.equal((await server.host(name)).verdict.trust, 'trusted', `${name}, without another round`);

  const { entries } = (await server.call('GET', '/v1/journal?action=host-accept')).body as Journal;
  assert.deepEqual(
    entries.map(({ by, subject, because: why }) => [by, subject, why]),
    [['anna@desk', 'node2', because]],
  );
  assert.match(entries[0]?.text ?? '', /^kernel image of node2 accepted: /);
  const ofValue = (await server.call('GET', `/v1/journal?action=reference-add&subject=${value?.id}`)).body as Journal;
  assert.deepEqual(
    ofValue.entries.map(({ text, because: why }) => [text, why]),
    [[entries[0]?.text, because]],
    'the value’s own history tells of it, too',
  );

  const told = await explanation(server, 'node2');
  assert.deepEqual([told.differences, told.commands], [[], []]);
  const again = await accept({ component: 'kernel', because });
  assert.equal(codeOf(again.body), 'accept-not-found');

  // Retired, it is told apart, and nobody accepts it back.
  const retired = await server.call('POST', '/v1/reference/retire', {
    ids: [value?.id],
    because: 'CVE-2026-1',
    force: true,
  });
  assert.equal(retired.status, 200, JSON.stringify(retired.body));
  const late = await explanation(server, 'node3');
  assert.match(late.differences[0]?.text ?? '', /kernel image .*, retired just now because CVE-2026-1$/);
  assert.equal(late.differences[0]?.finding.code, 'measurement-retired');
  assert.ok(late.differences[0]?.last_good, 'it was good between');
  assert.ok(late.commands.some(({ command }) => command === `assay reference reinstate ${value?.id}`));
  assert.ok(!late.commands.some(({ command }) => command.startsWith('assay host accept')));
  const refused = await accept({ component: 'hypervisor', because });
  assert.deepEqual([refused.status, codeOf(refused.body)], [409, 'accept-retired']);

  const history = check(
    HostHistorySchema,
    (await server.call('GET', '/v1/hosts/node2/history?reappraise=1')).body,
    'history',
  ) as HostHistory;
  assert.deepEqual(
    history.entries.map(({ verdict, now }) => [verdict.trust, now?.trust]),
    [
      ['untrusted', 'untrusted'],
      ['trusted', 'untrusted'],
      ['untrusted', 'untrusted'],
    ],
  );
  const plain = (await server.call('GET', '/v1/hosts/node2/history?limit=1')).body as HostHistory;
  assert.deepEqual(
    plain.entries.map(({ now, evidence }) => [now, evidence]),
    [[undefined, true]],
  );
});

test('a file that changed on one host is explained by its path, with who else ran it, and accepted by it', async (t) => {
  const { server, host, peer, ask } = await startPool(t);
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const files = ['/usr/bin/good', '/usr/bin/tool'].map((path) => ({ path, digests: { sha256: hash(path) } }));
  const list = await server.call('POST', '/v1/reference', {
    values: [
      {
        ...{ component: 'operating_system', name: 'allow list', content: { form: 'files', files } },
        source: { kind: 'tree', name: '/' },
      },
    ],
  });
  assert.equal(list.status, 200, JSON.stringify(list.body));
  const policy = { ...labDocument, ima: { files: 'known-good' } };
  assert.equal((await server.call('POST', '/v1/policies', { document: policy })).status, 200);
  const round = async () => {
    const { challenge, verdict } = await ask();
    peer.send(await host.answer(challenge));
    await peer.expect('result');
    return await verdict;
  };
  await host.measure({ path: '/usr/bin/good' });
  assert.equal((await round()).trust, 'trusted');

  // Another host runs the same changed file.
  const changed = { path: '/usr/bin/tool', digest: createHash('sha256').update('evil').digest() };
  const second = await startTestHost(t, { identity: 'two' });
  await second.measure(changed);
  await server.call('POST', '/v1/hosts', { name: 'node2' });
  const line = await connectPeer(t, server);
  line.send(await second.answer(await second.greet(line, 'node2')));
  await line.expect('result');

  // And a third one another file.
  const third = await startTestHost(t, { identity: 'three' });
  await third.measure({ path: '/usr/bin/good', digest: createHash('sha256').update('evil').digest() });
  await server.call('POST', '/v1/hosts', { name: 'node3' });
  const next = await connectPeer(t, server);
  next.send(await third.answer(await third.greet(next, 'node3')));
  await next.expect('result');
  assert.equal((await server.host('node3')).verdict.trust, 'untrusted');

  await host.measure(changed);
  const bad = await round();
  assert.equal(bad.trust, 'untrusted');
  const told = await explanation(server, 'node1');
  const [difference, ...rest] = told.differences;
  assert.deepEqual(rest, []);
  assert.deepEqual(
    [difference?.claim, difference?.path, difference?.seen, difference?.also_on],
    ['IMA file', '/usr/bin/tool', `sha256 ${hash('evil')}`, ['node2']],
  );
  assert.match(told.summary, /\/usr\/bin\/tool has another content than is known good/);
  const last = difference?.last_good ?? '';
  assert.ok(Date.parse(last) < Date.parse(bad.verified_at), 'in the round before');

  const { status, body } = await server.call('POST', '/v1/hosts/node1/accept', {
    ...{ component: 'operating_system', path: '/usr/bin/tool', because: 'rolled out by hand' },
    evidence_sha256: bad.evidence_sha256,
  });
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(
    (body as AcceptResult).added.map(({ content }) => content),
    [{ form: 'files', files: [{ path: '/usr/bin/tool', digests: { sha256: hash('evil') } }] }],
  );
  for (const name of ['node1', 'node2']) assert.equal((await server.host(name)).verdict.trust, 'trusted', name);
});

test('a host without evidence, one that is not in the pool, one without a policy, and one whose verdict expired are explained', async (t) => {
  const clock = { ...systemClock, offset: 0 };
  const moving = {
    ...systemClock,
    now: () => new Date(systemClock.now().getTime() + clock.offset),
    uptimeMs: () => systemClock.uptimeMs() + clock.offset,
  };
  const { server } = await startPool(t, { clock: moving });
  await server.call('POST', '/v1/hosts', { name: 'node2' });
  const codes = ({ findings }: Explanation) => findings.map(({ finding }) => finding.code);
  const never = await explanation(server, 'node2');
  assert.deepEqual([never.verdict.trust, codes(never), never.differences], ['unknown', ['no-evidence'], []]);
  assert.ok(never.commands.some(({ command }) => command === 'assay agent'));
  assert.match(never.findings[0]?.remedy ?? '', /assay agent/);

  const foreign = await explanation(server, 'node1', '?pool=elsewhere');
  assert.deepEqual([foreign.verdict.trust, foreign.pool, codes(foreign)], ['unknown', 'elsewhere', ['pool-missing']]);
  assert.match(foreign.summary, /: there is no pool elsewhere: no policy names it$/);
  const dmz = { ...labDocument, pool: 'dmz', labels: { zone: 'dmz' } };
  assert.equal((await server.call('POST', '/v1/policies', { document: dmz })).status, 200);
  const outside = await explanation(server, 'node1', '?pool=dmz');
  assert.deepEqual(codes(outside), ['pool-foreign']);
  const refused = await server.call('POST', '/v1/hosts/node1/accept', {
    ...{ component: 'kernel', because: 'x', pool: 'dmz' },
  });
  assert.match(JSON.stringify(refused.body), /pool-not-found.*a pool it is in/);
  assert.match(outside.findings[0]?.meaning ?? '', /not in this pool/);
  assert.deepEqual(
    outside.commands.map(({ command }) => command),
    ['assay host label node1 zone=dmz'],
  );
  assert.equal((await server.call('GET', '/v1/hosts/node9/explanation')).status, 404);
  assert.equal((await server.call('GET', '/v1/hosts/node9/history')).status, 404);
  for (const path of ['explanation?pool=A%20b', 'history?limit=0', 'history?limit=9999', 'history?reappraise=2'])
    assert.equal((await server.call('GET', `/v1/hosts/node1/${path}`)).status, 400, path);

  clock.offset = 7_201_000;
  const late = await explanation(server, 'node1');
  assert.deepEqual([late.verdict.trust, codes(late)[0]], ['unknown', 'verdict-expired']);
  assert.match(late.summary, /^node1 is unknown in pool default: verdict expired/);
  clock.offset = 0;

  const removed = await server.call('DELETE', '/v1/policies/default', { force: true, because: 'of a test' });
  assert.equal(removed.status, 200, JSON.stringify(removed.body));
  const bare = await explanation(server, 'node1');
  assert.deepEqual([bare.verdict.trust, codes(bare)], ['unknown', ['policy-missing']]);
  assert.ok(bare.commands.some(({ command }) => command === 'assay policy apply FILE'));
  const accepted = await server.call('POST', '/v1/hosts/node1/accept', { component: 'kernel', because: 'x' });
  assert.equal(codeOf(accepted.body), 'accept-not-verified');
});
