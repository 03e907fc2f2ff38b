import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, httpsRequest } from '@assay/daemon';
import { testClock } from '@assay/daemon/testing';
import { components, defaultPool, type PollHostsAnswer, type Trust } from '@assay/protocol';
import { createRegistry } from '../../registry/registry.ts';
import { createSwitchboard } from '../../rounds/switchboard.ts';
import { startTestServer } from '../../testing/server.ts';
import { pollHosts } from './poll-hosts.ts';

function world() {
  const clock = testClock();
  const registry = createRegistry({ clock, log: createLog('test', 'silent') });
  const accept = (host: string, trust: Trust, round: number) => {
    registry.add(host);
    const now = clock.now();
    const verdict = {
      host,
      pool: defaultPool,
      trust,
      reason: 'x',
      components: components.map((component) => ({ component, trust, reason: 'x' })),
      findings: [],
      software_tpm: false,
      verified_at: now.toISOString(),
      expires_at: new Date(now.getTime() + 90_000).toISOString(),
    };
    registry.accept({
      ...{ host, round, revision: 1 },
      verdicts: [verdict],
      uptimeMs: clock.uptimeMs(),
      bootId: clock.bootId,
    });
  };
  return {
    clock,
    registry,
    accept,
    poll: async (body: unknown) =>
      (await pollHosts({ registry, switchboard: createSwitchboard(clock) }, { policies: new Map() }, body, '192.0.2.1'))
        .hosts,
  };
}

test('every host asked for is answered, in order, under the name as sent', async () => {
  const { accept, poll, clock } = world();
  accept('node1', 'trusted', 1);
  clock.pass(1_500);
  accept('node2', 'untrusted', 1);
  const asked = ['node2', 'Node1', 'node1', 'node9', 'node1', '', '%', '\ud800'];
  const answers = await poll({ count: 99, hosts: asked });
  assert.deepEqual(
    answers.map(({ host_name }) => host_name),
    asked,
  );
  assert.deepEqual(
    answers.map(({ trust_lvl }) => trust_lvl),
    ['untrusted', 'trusted', 'trusted', 'unknown', 'trusted', 'unknown', 'unknown', 'unknown'],
  );
  assert.deepEqual(answers[2], {
    host_name: 'node1',
    trust_lvl: 'trusted',
    vtime: '2026-11-23T10:00:00.000Z',
    expires: '2026-11-23T10:01:30.000Z',
    age_ms: 1500,
  });
});

test('a Folsom scheduler sends one host as a bare string', async () => {
  const { accept, poll } = world();
  accept('node1', 'trusted', 1);
  assert.deepEqual(
    (await poll({ count: 1, hosts: 'node1' })).map(({ trust_lvl }) => trust_lvl),
    ['trusted'],
  );
});

test('what other generations send beside the hosts does not matter', async () => {
  const { poll } = world();
  for (const body of [
    { hosts: ['a'] },
    { hosts: ['a'], count: null, PCRmask: 'ff', pcrmask: null, timeThreshold: null, analysisType: 'X' },
    { hosts: ['a'], count: 'two' },
  ])
    assert.equal((await poll(body)).length, 1);
  assert.deepEqual(await poll({ hosts: [] }), []);
});

test('a request without hosts is refused', async () => {
  const { poll } = world();
  for (const body of [undefined, null, [], {}, { hosts: null }, { hosts: {} }, { hosts: [1] }, { hosts: [null] }, 'x'])
    await assert.rejects(poll(body), { code: 'oat-hosts-invalid' });
  await assert.rejects(poll({ hosts: ['a'], pool: '../x' }), { where: 'body.pool', expected: /pool/ });
  await assert.rejects(poll({ hosts: Array.from({ length: 100_001 }, () => 'a') }), { code: 'oat-hosts-invalid' });
});

test('an expired verdict is unknown, and its time of verification stays', async () => {
  const { accept, poll, clock } = world();
  accept('node1', 'trusted', 1);
  clock.pass(90_000);
  const [answer] = await poll({ hosts: 'node1' });
  assert.equal(answer?.trust_lvl, 'unknown');
  assert.equal(answer?.vtime, '2026-11-23T10:00:00.000Z');
});

test('who is not trusted is answered with the reason; a pool that nobody made is told from one the host is not in', async (t) => {
  const { accept, poll } = world();
  accept('node1', 'trusted', 1);
  accept('node2', 'untrusted', 1);
  const reasons = async (body: unknown) => (await poll(body)).map(({ reason }) => reason);
  assert.deepEqual(await reasons({ hosts: ['node1', 'node2', 'node9'] }), [undefined, 'x', 'not registered']);
  assert.deepEqual(await reasons({ hosts: ['node1'], pool: 'dmz' }), ['there is no pool dmz: no policy names it']);
  const { call } = await startTestServer(t);
  const policy = { pool: 'dmz', labels: { zone: 'dmz' }, known_good: ['firmware'] };
  assert.equal((await call('POST', '/v1/policies', { document: policy })).status, 200);
  await call('POST', '/v1/hosts', { name: 'node1' });
  for (const [pool, reason] of [
    ['dmz', 'not attested yet'],
    ['dzm', 'there is no pool dzm: no policy names it'],
  ]) {
    const { body } = await call('POST', `${bases[0]}/PollHosts`, { hosts: ['node1'], pool });
    assert.equal((body as PollHostsAnswer).hosts[0]?.reason, reason);
  }
});

test('T23 vtime is UTC with Z and never in the future, also after the clock was set back', async () => {
  const { accept, poll, clock } = world();
  accept('node1', 'trusted', 1);
  clock.step(-3_600_000);
  for (const { vtime, expires } of await poll({ hosts: ['node1', 'node9'] })) {
    assert.match(vtime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Date.parse(vtime) <= clock.now().getTime());
    assert.ok(Date.parse(expires) <= clock.now().getTime() + 90_000);
  }
});

const bases = ['/AttestationService/resources', '/OpenAttestationWebServices/V1.0'];

test('a running server answers under both bases, with any method and spelling stock clients use', async (t) => {
  const { call } = await startTestServer(t);
  await call('POST', '/v1/hosts', { name: 'node1' });
  for (const base of bases)
    for (const path of ['/PollHosts', '//PollHosts', '/PollHosts/'])
      for (const method of ['POST', 'PUT']) {
        const { status, body } = await call(method, `${base}${path}`, { count: 2, hosts: ['node1', 'nobody'] });
        assert.equal(status, 200, `${method} ${base}${path}`);
        assert.deepEqual(
          (body as PollHostsAnswer).hosts.map(({ host_name, trust_lvl }) => [host_name, trust_lvl]),
          [
            ['node1', 'unknown'],
            ['nobody', 'unknown'],
          ],
        );
      }
});

test('T11 a wrong or missing auth blob is answered 401 in JSON, under every header name', async (t) => {
  const { url, ca, blob } = await startTestServer(t);
  const ask = async (headers: Record<string, string>) => {
    const answer = await httpsRequest({
      url: `${url}${bases[0]}/PollHosts`,
      method: 'POST',
      ca,
      headers,
      body: { hosts: ['a'] },
    });
    return { status: answer.status, body: JSON.parse(answer.body.toString()) };
  };
  const unauthorized = { error_code: 'HTTP_UNAUTHORIZED', error_message: 'HTTP 401 UNAUTHORIZED' };
  assert.deepEqual(await ask({}), { status: 401, body: unauthorized });
  for (const name of ['x-auth-blob', 'X-Auth-Blob', 'Auth_blob', 'Auth-blob']) {
    assert.equal((await ask({ [name]: blob })).status, 200, name);
    for (const wrong of ['', 'wrong', `${blob}x`, blob.slice(0, -1), blob.toUpperCase()])
      assert.deepEqual(await ask({ [name]: wrong }), { status: 401, body: unauthorized });
  }
});

test('a malformed request is answered 400 in JSON and never 2xx', async (t) => {
  const { call } = await startTestServer(t);
  for (const base of bases)
    for (const body of [
      '',
      '{',
      '[]',
      '{}',
      'null',
      '{"hosts":null}',
      '{"hosts":{}}',
      '{"hosts":["a"],"__proto__":{}}',
    ]) {
      const answer = await call('POST', `${base}/PollHosts`, body, { 'content-type': 'application/json' });
      assert.equal(answer.status, 400, body);
      const { error_code, error_message } = answer.body as Record<string, unknown>;
      assert.deepEqual([typeof error_code, typeof error_message], ['string', 'string']);
    }
  assert.equal((await call('GET', `${bases[0]}/PollHosts`)).status, 405);
});
