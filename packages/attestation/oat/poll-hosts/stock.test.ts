// PollHosts as Nova's own filters hear it: nothing we answer may make them fail, or trust longer than they are set to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { createLog } from '@assay/daemon';
import { testClock } from '@assay/daemon/testing';
import { components, defaultPool, type PollHostsAnswer, type Trust } from '@assay/protocol';
import fc from 'fast-check';
import { createRegistry } from '../../registry/registry.ts';
import { createSwitchboard } from '../../rounds/switchboard.ts';
import { type Generation, startTestServer } from '../../testing/index.ts';
import { oldTime, pikeTime, StockFilter } from '../../testing/stock-filter.ts';
import { pollHosts } from './poll-hosts.ts';

const lifetimeMs = 90_000;

function world(start?: string) {
  const clock = testClock(start);
  const registry = createRegistry({ clock, log: createLog('test', 'silent') });
  const needs = { registry, switchboard: createSwitchboard(clock) };
  let round = 0;
  return {
    clock,
    registry,
    accept(host: string, trust: Trust) {
      registry.add(host);
      const now = clock.now();
      const verdict = {
        ...{ host, pool: defaultPool, trust, reason: `it is ${trust}`, findings: [], software_tpm: false },
        components: components.map((component) => ({ component, trust, reason: 'x' })),
        verified_at: now.toISOString(),
        expires_at: new Date(now.getTime() + lifetimeMs).toISOString(),
      };
      const at = { uptimeMs: clock.uptimeMs(), bootId: clock.bootId };
      registry.accept({ host, round: ++round, revision: 1, verdicts: [verdict], ...at });
    },
    /** As the routes do it: text in, text out, a refusal is a status. */
    async ask(body: unknown): Promise<{ status: number; text: string }> {
      try {
        const answer = await pollHosts(needs, { policies: new Map() }, JSON.parse(JSON.stringify(body)), '192.0.2.1');
        return { status: 200, text: JSON.stringify(answer) };
      } catch (error) {
        if (!(error instanceof AssayError)) throw error;
        return { status: 400, text: '{}' };
      }
    },
  };
}

const generations: readonly Generation[] = ['folsom', 'grizzly', 'juno', 'pike'];
const nodes = ['node1', 'node2.lab', 'never-registered'];
const anyName = fc.oneof(
  fc.constantFrom(...nodes, 'NODE1', 'node2', '__proto__', 'constructor', '%', '*', '_', '.*', '', ' ', '\ud800', '𝔫'),
  fc.string({ unit: 'binary' }),
);
const happening = fc.oneof(
  fc.record({ verdict: fc.constantFrom(...nodes), trust: fc.constantFrom<Trust>('trusted', 'untrusted', 'unknown') }),
  fc.record({ remove: fc.constantFrom(...nodes) }),
  fc.record({ pass: fc.nat(100_000) }),
  fc.record({ step: fc.integer({ min: -7_200_000, max: 7_200_000 }) }),
  fc.record({ reboot: fc.constant(true) }),
  fc.record({ look: anyName }),
);

test('whatever the state of hosts and clocks and whatever is asked, no stock filter fails by an answer of ours', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...generations),
      fc.array(happening, { maxLength: 25 }),
      fc.integer({ min: -300_000, max: 300_000 }),
      async (generation, story, skewMs) => {
        const { clock, registry, accept, ask } = world();
        const now = () => clock.now().getTime() + skewMs;
        const filter = new StockFilter({ generation, ask, now, nodes, authTimeoutS: 60 });
        for (const one of story) {
          if ('verdict' in one && one.verdict !== 'never-registered') accept(one.verdict, one.trust);
          else if ('remove' in one) registry.remove(one.remove);
          else if ('pass' in one) clock.pass(one.pass);
          else if ('step' in one) clock.step(one.step);
          else if ('reboot' in one) clock.bootId = `${clock.bootId}'`;
          else if ('look' in one) await filter.passes(one.look, 'trusted');
        }
        assert.equal(await filter.passes('never-registered', 'trusted'), false);
      },
    ),
    { numRuns: 200 },
  );
});

test('T23 every answer names all hosts in order as asked, with a vtime in UTC with Z that is not in the future', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyName, { maxLength: 30 }),
      fc.array(happening, { maxLength: 12 }),
      async (hosts, story) => {
        const { clock, accept, ask } = world();
        for (const one of story) {
          if ('verdict' in one) accept(one.verdict, one.trust);
          else if ('pass' in one) clock.pass(one.pass);
          else if ('step' in one) clock.step(one.step);
        }
        const { status, text } = await ask({ count: 0, hosts });
        assert.equal(status, 200);
        const entries = (JSON.parse(text) as PollHostsAnswer).hosts;
        assert.deepEqual(
          entries.map(({ host_name }) => host_name),
          hosts,
        );
        for (const { vtime, trust_lvl } of entries) {
          assert.match(vtime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
          assert.ok(Date.parse(vtime) <= clock.now().getTime());
          assert.ok(['trusted', 'untrusted', 'unknown'].includes(trust_lvl));
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('who was trusted is not for longer than until his verdict’s time and the filter’s own timeout, and the skew of its clock', async () => {
  const move = fc.oneof(
    fc.record({ verdict: fc.constantFrom<Trust>('trusted', 'untrusted', 'unknown') }),
    fc.record({ pass: fc.nat(90_000) }),
    fc.record({ remove: fc.constant(true) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...generations),
      fc.array(move, { maxLength: 30 }),
      fc.integer({ min: -30_000, max: 30_000 }),
      fc.constantFrom(0, 5, 60),
      async (generation, moves, skewMs, authTimeoutS) => {
        const { clock, registry, accept, ask } = world();
        const nowMs = () => clock.now().getTime();
        const filter = new StockFilter({ generation, ask, now: () => nowMs() + skewMs, nodes, authTimeoutS });
        let trustedAtMs = Number.NEGATIVE_INFINITY;
        for (const one of [...moves, { pass: 0 }]) {
          if ('verdict' in one) {
            accept('node1', one.verdict);
            if (one.verdict === 'trusted') trustedAtMs = nowMs();
          } else if ('pass' in one) clock.pass(one.pass);
          else registry.remove('node1');
          if (!(await filter.passes('node1', 'trusted')) || generation === 'folsom') continue;
          const holds = registry.current('node1').verdict.trust === 'trusted';
          assert.ok(holds || nowMs() + skewMs <= trustedAtMs + authTimeoutS * 1000);
          // Beside a lifetime of a verdict that exceeds timeout and skew, nothing is ever trusted past its expiry.
          if (lifetimeMs >= authTimeoutS * 1000 - skewMs) assert.ok(nowMs() < trustedAtMs + lifetimeMs);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('how long Nova keeps a host trusted that has fallen: attestation_auth_timeout, counted from its last verdict, and not at all without its cache', async () => {
  const keptS = async (generation: Generation, skewS: number, lookedS: number) => {
    const { clock, accept, ask } = world();
    const now = () => clock.now().getTime() + skewS * 1000;
    const filter = new StockFilter({ generation, ask, now, nodes });
    accept('node1', 'trusted');
    clock.pass(lookedS * 1000);
    assert.ok(await filter.passes('node1', 'trusted'));
    accept('node1', 'untrusted');
    let seconds = 0;
    for (; await filter.passes('node1', 'trusted'); seconds++) clock.pass(1_000);
    return seconds;
  };
  assert.equal(await keptS('folsom', 0, 0), 0);
  assert.equal(await keptS('pike', 0, 0), 61, 'up to the 60th second, and so seen in the 61st');
  assert.equal(await keptS('pike', 0, 20), 41, 'a verdict’s age counts');
  assert.equal(await keptS('pike', -5, 0), 66, 'a clock behind ours lengthens it by as much');
  assert.equal(await keptS('pike', 5, 0), 56);
  assert.equal(await keptS('pike', 0, 70), 0, 'an old verdict is asked for again at each look');
});

test('T23 golden: the same bytes under every time zone of the server, read alike by the parsers of 2012 and of Nova 16', async (t) => {
  const zone = process.env['TZ'];
  t.after(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });
  for (const tz of ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Apia']) {
    process.env['TZ'] = tz;
    // An hour that there is twice in Berlin, and one that is missing.
    for (const at of [
      '2026-10-25T00:30:00.070Z',
      '2026-10-25T01:30:00.000Z',
      '2026-03-29T01:30:00.999Z',
      '2026-12-31T23:59:59.999Z',
    ]) {
      const { clock, accept, ask } = world(at);
      accept('node1', 'trusted');
      clock.pass(1_500);
      const { text } = await ask({ count: 2, hosts: ['node1', 'no'] });
      const answered = new Date(Date.parse(at) + 1_500).toISOString();
      const expires = new Date(Date.parse(at) + lifetimeMs).toISOString();
      assert.equal(
        text,
        `{"hosts":[{"host_name":"node1","trust_lvl":"trusted","vtime":"${at}","expires":"${expires}","age_ms":1500},` +
          `{"host_name":"no","trust_lvl":"unknown","vtime":"${answered}","expires":"${answered}","age_ms":0,"reason":"not registered"}]}`,
      );
      assert.deepEqual([oldTime(at), pikeTime(at)], [Date.parse(at), Date.parse(at)]);
    }
  }
});

test('T22 more names than there can be are refused, duplicates and wildcards are names like others, and the order is that of the question', async (t) => {
  const { accept, ask } = world();
  for (const host of ['a', 'ab', 'a%', 'a_']) accept(host, 'trusted');
  const hosts = [
    '%',
    'a%',
    '*',
    'a*',
    '_',
    'a_',
    'a',
    'ab',
    'a',
    '.*',
    'a.',
    '[a]',
    "a' or '1'='1",
    'a\u200b',
    'ａ',
    'a',
  ];
  const { text } = await ask({ hosts });
  const trusted = (JSON.parse(text) as PollHostsAnswer).hosts.filter((one) => one.trust_lvl === 'trusted');
  assert.deepEqual(
    trusted.map(({ host_name }) => host_name),
    ['a%', 'a_', 'a', 'ab', 'a', 'a'],
  );
  assert.deepEqual(await ask({ hosts }), await ask({ hosts }));
  const many = (count: number) => ask({ hosts: Array.from({ length: count }, (_, at) => `n${at % 10}`) });
  assert.equal((JSON.parse((await many(100_000)).text) as PollHostsAnswer).hosts.length, 100_000);
  assert.equal((await many(100_001)).status, 400);
  const { call } = await startTestServer(t);
  const million = { hosts: Array.from({ length: 1_000_000 }, (_, at) => `node${at}`) };
  for (const base of ['/AttestationService/resources', '/OpenAttestationWebServices/V1.0'])
    assert.equal((await call('POST', `${base}/PollHosts`, million)).status, 413);
});

test('stock filters of all generations work against a running server, on both bases', async (t) => {
  const { call } = await startTestServer(t);
  await call('POST', '/v1/hosts', { name: 'node1' });
  for (const base of [
    '/AttestationService/resources',
    '/OpenAttestationWebServices/V1.0',
    '/AttestationService/resources/',
  ])
    for (const generation of generations)
      for (const method of ['POST', 'PUT']) {
        const filter = new StockFilter({
          generation,
          now: () => Date.now(),
          nodes: ['node1', 'node1.lab'],
          async ask(body) {
            const { status, body: answer } = await call(method, `${base}/PollHosts`, body);
            return { status, text: JSON.stringify(answer) };
          },
        });
        assert.equal(await filter.passes('node1', 'trusted'), false);
        assert.equal(await filter.passes('node1', 'unknown'), true);
        assert.equal(await filter.passes('a\u0000b', 'trusted'), false, 'refused with 400, and all are unknown');
      }
});
