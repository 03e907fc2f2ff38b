// Changes of what is good, through a running server: rehearsed, braked, applied, judged by at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  Journal,
  LearnResult,
  PolicyList,
  PolicyResult,
  ReferenceChangeResult,
  ReferenceList,
  ReferenceSummary,
} from '@assay/protocol';
import { fleetPolicy, gist, names, startFleet, valuesOf } from './testing/fleet.ts';

const twoKinds = [...names(3).map((name) => ({ name })), { name: 'odd1', variant: 'b' }];

test('values that are added make hosts trusted at once, on the evidence they sent before', async (t) => {
  const { trust, ok } = await startFleet(t, twoKinds);
  assert.deepEqual([await trust('node1'), await trust('odd1')], ['trusted', 'untrusted']);
  const dry = await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf('b'), dry_run: true });
  assert.deepEqual(gist(dry), [0, 0, ['odd1 untrusted→trusted']]);
  assert.equal(await trust('odd1'), 'untrusted');
  const done = await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf('b') });
  assert.deepEqual(gist(done), gist(dry));
  assert.deepEqual(
    done.added,
    dry.added.map((value, i) => ({ ...value, added_at: done.added[i]?.added_at })),
  );
  assert.ok(done.known.length > 0 && done.added.length > 0);
  assert.equal(await trust('odd1'), 'trusted');
  const again = await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf('b') });
  assert.deepEqual([again.added, gist(again)], [[], [0, 0, []]]);
});

test('retiring is rehearsed, held by the brake, and done when forced with a reason', async (t) => {
  const { server, trust, ok, refused, ids } = await startFleet(t, twoKinds);
  const [retire, which] = ['/v1/reference/retire', { ids: [ids['hypervisor']] }];
  const before = await server.host('node1');
  const dry = await ok<ReferenceChangeResult>('POST', retire, { ...which, dry_run: true });
  assert.deepEqual(gist(dry), [
    3,
    100,
    ['node1 trusted→untrusted', 'node2 trusted→untrusted', 'node3 trusted→untrusted'],
  ]);
  assert.deepEqual(dry.rehearsal.changes[0]?.code, 'measurement-retired');
  assert.deepEqual(dry.values[0]?.hosts, ['node1', 'node2', 'node3']);
  assert.deepEqual((await server.host('node1')).verdict, before.verdict);

  const [status, code, message] = await refused('POST', retire, which);
  assert.deepEqual([status, code], [409, 'reference-brake']);
  assert.match(
    message,
    /at most 20 % .* got 3 of 3 \(100 %\), most by measurement-retired: node1, node2, node3; assay .* --force --because /,
  );
  assert.equal((await refused('POST', retire, { ...which, force: true }))[1], 'change-because-missing');
  assert.equal((await refused('POST', retire, { ...which, force: true, because: '  ' }))[1], 'change-because-missing');
  assert.equal(await trust('node1'), 'trusted');

  const done = await ok<ReferenceChangeResult>('POST', retire, { ...which, force: true, because: 'CVE-1', by: 'ada' });
  assert.deepEqual([done.values[0]?.state, done.values[0]?.retired_because], ['retired', 'CVE-1']);
  const { verdict } = await server.host('node1');
  assert.deepEqual([verdict.trust, verdict.findings[0]?.code], ['untrusted', 'measurement-retired']);
  assert.deepEqual(
    [verdict.verified_at, verdict.expires_at],
    [before.verdict.verified_at, before.verdict.expires_at],
    'nobody’s verdict holds longer by it',
  );
  assert.ok((verdict.revision ?? 0) > (before.verdict.revision ?? 0));
  const { entries } = await ok<Journal>('GET', `/v1/journal?subject=${ids['hypervisor']}&action=reference-`);
  assert.deepEqual(
    entries.map(({ action, by, because }) => [action, by, because]),
    [
      ['reference-retire', 'ada', 'CVE-1'],
      ['reference-add', 'somebody', undefined],
    ],
  );
});

test('as much as the brake lets may be lost unforced; how much that is, an option says', async (t) => {
  const hosts = [...names(4).map((name) => ({ name })), { name: 'odd1', variant: 'b' }];
  const { ok, trust, restart } = await startFleet(t, hosts);
  const { added } = await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf('b') });
  const [odd] = added;
  const [retire, which] = ['/v1/reference/retire', { ids: [odd?.id] }];
  const done = await ok<ReferenceChangeResult>('POST', retire, which);
  assert.deepEqual(gist(done).slice(0, 2), [1, 20]);
  assert.equal(await trust('odd1'), 'untrusted');
  await ok('POST', '/v1/reference/reinstate', { ids: [odd?.id] });
  assert.equal(await trust('odd1'), 'trusted');
  const next = await restart();
  assert.equal(await next.trust('odd1'), 'trusted', 'what was judged anew is stored');
  assert.equal((await next.refused('GET', '/v1/reference/ffff'))[0], 404);
});

test('a policy is tried, refused, forced and removed; its versions and their reasons are kept', async (t) => {
  const { server, ok, refused, trust } = await startFleet(t, twoKinds);
  const document = { ...fleetPolicy, description: 'strict', tpm: { software: false } };
  const dry = await ok<PolicyResult>('POST', '/v1/policies', { document, dry_run: true });
  assert.deepEqual([dry.policy?.version, gist(dry)[0]], [1, 3]);
  const [status, code, message] = await refused('POST', '/v1/policies', { document });
  assert.deepEqual([status, code], [409, 'policy-brake']);
  assert.match(message, /^policy default: .* 3 of 3 \(100 %\), most by [a-z-]+: node1, node2, node3/);
  const same = await ok<PolicyResult>('POST', '/v1/policies', { document: fleetPolicy });
  assert.deepEqual([same.policy?.version, gist(same)], [1, [0, 0, []]], 'the same again is no new version');

  const forced = await ok<PolicyResult>('POST', '/v1/policies', { document, force: true, because: 'audit', by: 'ada' });
  assert.deepEqual([forced.policy?.version, forced.policy?.by, forced.policy?.because], [2, 'ada', 'audit']);
  assert.notEqual(await trust('node1'), 'trusted');
  assert.equal((await server.host('node1')).verdict.policy_version, 2);
  await ok('POST', '/v1/policies', { document: fleetPolicy });
  assert.equal(await trust('node1'), 'trusted', 'and back, unforced: nobody loses anything');

  assert.equal((await refused('DELETE', '/v1/policies/default'))[1], 'policy-brake');
  const removed = await ok<PolicyResult>('DELETE', '/v1/policies/default', { force: true, because: 'closing down' });
  assert.deepEqual([removed.policy?.version, removed.policy?.document], [4, null]);
  const { verdict } = await server.host('node1');
  assert.deepEqual([verdict.trust, verdict.findings[0]?.code], ['unknown', 'policy-missing']);
  assert.equal((await refused('DELETE', '/v1/policies/default?dry_run=1'))[0], 404);
  const { policies } = await ok<PolicyList>('GET', '/v1/policies/default');
  assert.deepEqual(
    policies.map(({ version, document, because }) => [version, document?.description, because]),
    [
      [4, undefined, 'closing down'],
      [3, undefined, undefined],
      [2, 'strict', 'audit'],
      [1, undefined, undefined],
    ],
  );
  assert.deepEqual((await ok<PolicyList>('GET', '/v1/policies')).policies, []);
  assert.equal((await refused('GET', '/v1/policies/other'))[1], 'policy-not-found');
  const { entries } = await ok<Journal>('GET', '/v1/journal?action=policy-&subject=default&limit=2');
  assert.deepEqual(
    entries.map(({ action, because }) => [action, because]),
    [
      ['policy-remove', 'closing down'],
      ['policy-apply', undefined],
    ],
  );
});

test('a policy whose verdicts would not last from one round to the next is refused', async (t) => {
  const { refused } = await startFleet(t, [{ name: 'node1' }]);
  const document = { ...fleetPolicy, evidence: { ...fleetPolicy.evidence, max_age: 3600 } };
  const [status, code, message] = await refused('POST', '/v1/policies', { document });
  assert.deepEqual([status, code], [400, 'policy-value']);
  assert.match(message, /max_age: expected more than 3600 s, got 3600 s/);
});

test('a host in two pools can lose its trust in one of them, and the brake sees that', async (t) => {
  const hosts = [{ name: 'node1', labels: { site: 'x' } }, ...names(3, 'other').map((name) => ({ name }))];
  const { ok, refused, trust, server } = await startFleet(t, hosts, { brake_percent: 24 });
  const second = { ...fleetPolicy, pool: 'second', labels: { site: 'x' } };
  const added = await ok<PolicyResult>('POST', '/v1/policies', { document: second });
  assert.deepEqual(gist(added), [0, 0, ['node1 undefined→trusted']]);
  assert.equal(await trust('node1', 'second'), 'trusted');
  const strict = { ...second, tpm: { software: false } };
  assert.equal((await refused('POST', '/v1/policies', { document: strict }))[1], 'policy-brake');
  await ok('POST', '/v1/policies', { document: strict, force: true, because: 'x' });
  assert.equal(await trust('node1', 'second'), 'untrusted');
  assert.equal(await trust('node1'), 'trusted');
  const empty = { ...second, labels: { site: 'nowhere' } };
  assert.deepEqual(gist(await ok<PolicyResult>('POST', '/v1/policies', { document: empty })), [
    0,
    0,
    ['node1 untrusted→undefined'],
  ]);
  assert.deepEqual((await server.host('node1')).pools, ['default']);
});

test('an update planned ahead: both pass in its window, then the old is retired, and comes back when it must', async (t) => {
  const { ok, refused, trust, ids } = await startFleet(t, twoKinds, { brake_percent: 100 });
  const old = ids['boot_loader'] ?? ids['hypervisor'] ?? '';
  const only = valuesOf('b').filter(
    (value) => !valuesOf('a').some((one) => JSON.stringify(one.content) === JSON.stringify(value.content)),
  );
  const [value] = only;
  const replaced = ids[value?.component ?? ''] ?? '';
  assert.ok(old && replaced);
  const { added } = await ok<LearnResult>('POST', '/v1/reference', {
    values: only,
    next: { replaces: [replaced.slice(0, 12)] },
  });
  assert.deepEqual([added[0]?.state, added[0]?.replaces], ['next', [replaced]]);
  assert.deepEqual([await trust('node1'), await trust('odd1')], ['trusted', 'trusted']);
  const id = added[0]?.id ?? '';
  assert.equal((await refused('POST', '/v1/reference/promote', { ids: [replaced] }))[1], 'reference-state-conflict');
  assert.deepEqual((await refused('POST', '/v1/reference/remove', { ids: [replaced] })).slice(0, 2), [
    409,
    'reference-in-use',
  ]);

  const promoted = await ok<ReferenceChangeResult>('POST', '/v1/reference/promote', { ids: [id.slice(0, 12)] });
  assert.deepEqual(
    promoted.values.map((one) => [one.id, one.state]),
    [
      [id, 'current'],
      [replaced, 'retired'],
    ],
  );
  assert.deepEqual([await trust('node1'), await trust('odd1')], ['untrusted', 'trusted']);
  const { entries } = await ok<Journal>('GET', `/v1/journal?subject=${replaced}`);
  assert.match(`${entries[0]?.action} ${entries[0]?.text}`, /^reference-retire .*: replaced by /);

  await ok('POST', '/v1/reference/reinstate', {
    ids: [replaced],
    next: { replaces: [id] },
    because: 'it does not boot',
  });
  assert.deepEqual([await trust('node1'), await trust('odd1')], ['trusted', 'trusted']);
  await ok('POST', '/v1/reference/promote', { ids: [replaced] });
  assert.deepEqual([await trust('node1'), await trust('odd1')], ['trusted', 'untrusted']);
});

test('what a verdict rests on is not removed; what nothing rests on is', async (t) => {
  const { ok, refused, ids, trust } = await startFleet(t, twoKinds, { brake_percent: 100 });
  const [status, code, message] = await refused('POST', '/v1/reference/remove', {
    ids: [ids['hypervisor']],
    force: true,
    because: 'x',
  });
  assert.deepEqual([status, code], [409, 'reference-in-use']);
  assert.match(message, /used by node1, node2, node3/);
  const { added } = await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf('z') });
  const id = added[0]?.id ?? '';
  assert.equal((await ok<ReferenceSummary>('GET', `/v1/reference/${id}`)).hosts.length, 0);
  const { values, rehearsal } = await ok<ReferenceChangeResult>('POST', '/v1/reference/remove', {
    ids: [id],
    by: 'ada',
    because: 'unused',
  });
  assert.deepEqual([values[0]?.id, rehearsal.losing], [id, 0]);
  assert.equal((await refused('GET', `/v1/reference/${id}`))[1], 'reference-not-found');
  assert.equal(await trust('node1'), 'trusted');
  const { entries } = await ok<Journal>('GET', `/v1/journal?subject=${id}&limit=1`);
  assert.deepEqual([entries[0]?.action, entries[0]?.by, entries[0]?.because], ['reference-remove', 'ada', 'unused']);
});

test('values are listed with who rests on them, and with their contents when asked', async (t) => {
  const { ok, ids } = await startFleet(t, twoKinds);
  const { values } = await ok<ReferenceList>('GET', '/v1/reference');
  const hypervisor = values.find(({ id }) => id === ids['hypervisor']);
  assert.deepEqual(
    [hypervisor?.form, hypervisor?.hosts, hypervisor?.content],
    ['sequence', ['node1', 'node2', 'node3'], undefined],
  );
  const full = await ok<ReferenceList>('GET', '/v1/reference?content=1');
  for (const { content, count } of full.values)
    assert.equal(content?.form === 'sequence' ? content.events.length : -1, count);
  const one = await ok<ReferenceSummary>('GET', `/v1/reference/${ids['hypervisor']?.slice(0, 12)}`);
  assert.deepEqual(
    one,
    full.values.find(({ id }) => id === ids['hypervisor']),
  );
});

test('two changes at the same time follow each other: the second is rehearsed against what the first left', async (t) => {
  const { ok, server, ids } = await startFleet(
    t,
    [...names(2).map((name) => ({ name })), ...names(2, 'odd').map((name) => ({ name, variant: 'b' }))],
    {
      brake_percent: 50,
    },
  );
  const { added } = await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf('b') });
  const odd = added[0];
  const mine = ids[odd?.component ?? ''];
  // Each alone costs half of the fleet, which is let; after one of them, the other would cost all that is left.
  const both = await Promise.all(
    [mine, odd?.id].map((id) => server.call('POST', '/v1/reference/retire', { ids: [id] })),
  );
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
  const trusted = await Promise.all(
    ['node1', 'node2', 'odd1', 'odd2'].map(async (name) => (await server.host(name)).verdict.trust),
  );
  assert.equal(trusted.filter((one) => one === 'trusted').length, 2);
});

test('nothing of it is told or done without the secret', async (t) => {
  const { server, ids } = await startFleet(t, [{ name: 'node1' }]);
  for (const [method, path, body] of [
    ['GET', '/v1/policies/default'],
    ['DELETE', '/v1/policies/default', { force: true, because: 'x' }],
    ['POST', '/v1/policies', { document: fleetPolicy }],
    ['POST', '/v1/reference', { values: valuesOf('b') }],
    ['GET', `/v1/reference/${ids['hypervisor']}`],
    ['POST', '/v1/reference/retire', { ids: [ids['hypervisor']], force: true, because: 'x' }],
    ['POST', '/v1/reference/promote', { ids: [ids['hypervisor']] }],
    ['POST', '/v1/reference/reinstate', { ids: [ids['hypervisor']] }],
    ['POST', '/v1/reference/remove', { ids: [ids['hypervisor']] }],
    ['GET', '/v1/journal'],
    ['GET', '/v1/brake'],
    ['DELETE', '/v1/brake'],
  ] as const) {
    const { status } = await server.call(method, path, body, { 'x-auth-blob': 'another one entirely' });
    assert.equal(status, 401, `${method} ${path}`);
  }
  assert.equal((await server.host('node1')).verdict.trust, 'trusted');
});

test('what is good is not brought back: a current value that is reinstated stays as it is, and so does a next one', async (t) => {
  const { ok, refused, ids } = await startFleet(t, [{ name: 'node1' }]);
  const next = valuesOf('b').filter(({ component }) => component === 'hypervisor');
  const { added } = await ok<LearnResult>('POST', '/v1/reference', { values: next, next: { replaces: [] } });
  for (const [id, state] of [
    [ids['hypervisor'], 'current'],
    [added[0]?.id, 'next'],
  ]) {
    for (const body of [undefined, { dry_run: true }, { force: true, because: 'x' }, { next: {} }]) {
      const [status, code, message] = await refused('POST', '/v1/reference/reinstate', { ids: [id], ...body });
      assert.deepEqual([status, code], [409, 'reference-state-conflict']);
      assert.match(message, new RegExp(`expected a retired one, got "?${state}"?; nothing to reinstate`));
    }
    assert.equal((await ok<ReferenceSummary>('GET', `/v1/reference/${id}`)).state, state);
  }
});

test('several values are changed together or not at all, by one rehearsal', async (t) => {
  const { ok, refused, ids, trust } = await startFleet(t, twoKinds);
  const state = async (id: string) => (await ok<ReferenceSummary>('GET', `/v1/reference/${id}`)).state;
  const { added } = await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf('z') });
  const [spare = '', used = ''] = [added[0]?.id, ids['hypervisor']];
  const braked = await refused('POST', '/v1/reference/retire', { ids: [spare, used] });
  assert.equal(braked[1], 'reference-brake');
  const short = `${spare.slice(0, 8)} ${used.slice(0, 8)}`;
  assert.ok(
    braked[2].endsWith(
      `; assay reference retire ${short} --dry-run says more, assay reference retire ${short} --force --because "…" does it all the same`,
    ),
    braked[2],
  );
  assert.equal((await refused('POST', '/v1/reference/retire', { ids: [spare, 'ffffff'] }))[1], 'reference-not-found');
  assert.equal((await refused('POST', '/v1/reference/remove', { ids: [spare, used] }))[1], 'reference-in-use');
  assert.deepEqual([await state(spare), await state(used), await trust('node1')], ['current', 'current', 'trusted']);

  const both = [spare.slice(0, 6), spare, used];
  const forced = { force: true, because: 'x' };
  const { values } = await ok<ReferenceChangeResult>('POST', '/v1/reference/retire', { ids: both, ...forced });
  assert.deepEqual(
    values.map(({ id }) => id),
    [spare, used],
    'each once',
  );
  assert.equal(await trust('node1'), 'untrusted');
  const [, code, message] = await refused('POST', '/v1/reference/remove', { ids: [used] });
  assert.deepEqual(
    [code, / no verdict names, got used by node1, .*; it is retired already; /.test(message)],
    ['reference-in-use', true],
  );
  await ok('POST', '/v1/reference/reinstate', { ids: both });
  await ok('POST', '/v1/reference/promote', { ids: both });
  assert.deepEqual([await state(spare), await state(used), await trust('node1')], ['current', 'current', 'trusted']);
});

test('values that stand in for each other are not removed together while somebody needs them', async (t) => {
  const { ok, refused, ids } = await startFleet(t, [{ name: 'node1' }]);
  const { added } = await ok<LearnResult>('POST', '/v1/reference', { values: valuesOf('z') });
  const { values } = await ok<ReferenceList>('GET', '/v1/reference');
  assert.equal(
    (await refused('POST', '/v1/reference/remove', { ids: values.map(({ id }) => id) }))[1],
    'reference-in-use',
  );
  const next = valuesOf('y').filter(({ component }) => component === 'hypervisor');
  const [old = ''] = added.map(({ id }) => id);
  const update = await ok<LearnResult>('POST', '/v1/reference', { values: next, next: { replaces: [old] } });
  const together = [old, ...update.added.map(({ id }) => id)];
  assert.equal((await refused('POST', '/v1/reference/remove', { ids: [old] }))[1], 'reference-in-use');
  const { values: gone } = await ok<ReferenceChangeResult>('POST', '/v1/reference/remove', { ids: together });
  assert.deepEqual(
    gone.map(({ id }) => id),
    together,
  );
  assert.ok(ids['hypervisor']);
});

test('what is changed is named by enough of its id to be meant; reading takes less', async (t) => {
  const { ok, refused, ids } = await startFleet(t, [{ name: 'node1' }]);
  const id = ids['hypervisor'] ?? '';
  for (const act of ['retire', 'promote', 'reinstate', 'remove'])
    for (const few of [[id.slice(0, 5)], [id, id.slice(0, 1)], []])
      assert.deepEqual(
        (await refused('POST', `/v1/reference/${act}`, { ids: few, dry_run: true })).slice(0, 2),
        [400, 'request-invalid'],
        act,
      );
  const [, , message] = await refused('POST', '/v1/reference/retire', { ids: ['Linux'] });
  assert.equal(
    message,
    'body /ids/0: expected the id of a value, or at least 6 characters of how it begins, got Linux',
  );
  const [, , long] = await refused('POST', '/v1/reference/retire', { ids: [id], because: 'x'.repeat(1001) });
  assert.equal(long, 'body /because: expected at most 1000 characters, got 1001 characters');
  assert.equal((await ok<ReferenceSummary>('GET', `/v1/reference/${id.slice(0, 5)}`)).id, id);
});
