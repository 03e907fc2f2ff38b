// A host that boots something else is explained, accepted and trusted again, through a running server.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { corpusLog } from '@assay/measurement/testing';
import type { AcceptResult, Explanation, HostHistory, Journal, Verdict } from '@assay/protocol';
import { check, Explanation as ExplanationSchema, HostHistory as HostHistorySchema } from '@assay/protocol';
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
  const told = await explanation(server, 'node2');
  assert.equal(told.differences.length, 1);
  const [difference] = told.differences;
  assert.equal(difference?.component, 'hypervisor');
  assert.equal(difference.claim, 'kernel image');
  assert.deepEqual(difference.event, { index: kernelEvent, pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION' });
  assert.equal(difference.expected, `sha256 ${lab.events[kernelEvent]?.digests.sha256?.toHex()}`);
  assert.equal(difference.seen, `sha256 ${other.toHex()}`);
  assert.deepEqual(difference.also_on, ['node3'], 'not node1, which runs the known one, and not node2 itself');
  assert.match(
    difference.resembles ?? '',
    /^same kernel command line as what was learnt from node1 .*, other kernel image$/,
  );
  assert.equal(difference.last_good, undefined, 'it never was');
  assert.ok(told.commands.some(({ command }) => command.startsWith('assay host accept node2 --component hypervisor')));
  assert.match(told.summary, /^node2 is untrusted in pool default: event 10 .* another kernel image/);
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
  assert.equal(foreign.status, 404);
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

  const { status, body } = await accept({ component: 'kernel', because, by: 'anna@desk', ...sha });
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
  const retired = await server.call('POST', `/v1/reference/${value?.id}/retire`, {
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
