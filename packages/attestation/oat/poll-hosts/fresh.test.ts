import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { createLog } from '@assay/daemon';
import { failureOf } from '@assay/daemon/https';
import { testClock } from '@assay/daemon/testing';
import { components, defaultPool, type PollHostsAnswer, type Trust, type Verdict } from '@assay/protocol';
import { createRegistry } from '../../registry/registry.ts';
import type { Conclusion } from '../../rounds/conclude.ts';
import { createSwitchboard } from '../../rounds/switchboard.ts';
import { connectPeer, startPool, startTestHost } from '../../testing/index.ts';
import { renderOat } from '../errors.ts';
import { pollHosts } from './poll-hosts.ts';

/** Connected hosts that answer when a test says so. */
function world() {
  const clock = testClock();
  const registry = createRegistry({ clock, log: createLog('test', 'silent') });
  const switchboard = createSwitchboard(clock);
  /** In the order they were asked in. */
  const asked: string[] = [];
  const waiting = new Map<string, PromiseWithResolvers<Conclusion>>();
  let round = 0;
  const verdict = (host: string, trust: Trust): Verdict => ({
    host,
    pool: defaultPool,
    trust,
    reason: `it is ${trust}`,
    components: components.map((component) => ({ component, trust, reason: 'x' })),
    findings: [],
    software_tpm: false,
    verified_at: clock.now().toISOString(),
    expires_at: new Date(clock.now().getTime() + 90_000).toISOString(),
  });
  const accept = (host: string, trust: Trust) => {
    registry.add(host);
    const verdicts = [verdict(host, trust)];
    registry.accept({ host, round: ++round, revision: 1, verdicts, uptimeMs: clock.uptimeMs(), bootId: clock.bootId });
  };
  return {
    clock,
    registry,
    asked,
    accept,
    /** `slow-300` took that many milliseconds for its last answer. */
    connect(...hosts: string[]) {
      for (const host of hosts) {
        registry.add(host);
        const tookMs = Number(host.split('-')[1] ?? 0);
        const question = () => {
          asked.push(host);
          const answer = Promise.withResolvers<Conclusion>();
          waiting.set(host, answer);
          return answer.promise;
        };
        switchboard.join({ host, ask: question, question, dismiss: () => undefined, tookMs });
      }
    },
    answer(host: string, trust: Trust) {
      accept(host, trust);
      waiting.get(host)?.resolve({} as Conclusion);
    },
    /** Somebody answers, and nothing of it is kept. */
    answerInVain: (host: string) => waiting.get(host)?.resolve({} as Conclusion),
    fail: (host: string) =>
      waiting.get(host)?.reject(new AssayError('storage-full', 'database /var/lib/assay.db', 'room', 'none')),
    poll: async (body: unknown, caller = '192.0.2.1') =>
      (await pollHosts({ registry, switchboard }, { policies: new Map() }, body, caller)).hosts,
  };
}

const trusts = (answer: PollHostsAnswer['hosts']) => answer.map(({ trust_lvl }) => trust_lvl);

test('who has younger evidence costs nothing; the others are asked at the same time, each once', async () => {
  const { clock, connect, accept, asked, answer, poll } = world();
  connect('a', 'b', 'c', 'd');
  accept('a', 'trusted');
  accept('b', 'trusted');
  clock.pass(5_000);
  accept('c', 'trusted');
  const polled = poll({ hosts: ['b', 'c', 'B', 'a', 'd'], timeThreshold: 5_000 });
  assert.deepEqual(asked, ['b', 'a', 'd']);
  answer('d', 'trusted');
  answer('a', 'untrusted');
  answer('b', 'trusted');
  assert.deepEqual(trusts(await polled), ['trusted', 'trusted', 'trusted', 'untrusted', 'trusted']);
});

test('an answer that was not kept is none: what was there before is not told as fresh', async () => {
  const { clock, connect, accept, answerInVain, poll } = world();
  connect('a');
  accept('a', 'trusted');
  clock.pass(1_000);
  const polled = poll({ hosts: ['a'], timeThreshold: 900 });
  clock.pass(50);
  answerInVain('a');
  const [entry] = await polled;
  assert.equal(entry?.trust_lvl, 'unknown');
  assert.match(entry?.reason ?? '', /its answer did not count; 1 s ago it was trusted$/);
});

test('T25 questions that wait for hosts are held only so many at a time; one address fills half of the room; those that wait for nobody are answered', async () => {
  const { connect, answer, poll } = world();
  connect('a');
  const hosts = Array.from({ length: 100_000 }, () => 'a');
  const fill = (caller: string) =>
    Array.from({ length: 5 }, () => poll({ hosts, timeThreshold: 0, deadline: 10 }, caller));
  const refused = async (caller: string) =>
    await assert.rejects(poll({ hosts: ['a'], timeThreshold: 0 }, caller), (error) => {
      const failure = failureOf(error, '');
      assert.deepEqual([failure.status, renderOat(failure).error_code], [503, 'SYSTEM_ERROR'], failure.code);
      return true;
    });
  const waiting = fill('192.0.2.1');
  await refused('192.0.2.1');
  waiting.push(...fill('192.0.2.2'));
  await refused('192.0.2.3');
  assert.equal((await poll({ hosts: ['a'] })).length, 1);
  await Promise.all(waiting); // until their deadlines
  const polled = poll({ hosts: ['a'], timeThreshold: 0 });
  answer('a', 'trusted');
  assert.deepEqual(trusts(await polled), ['trusted']);
});

test('who was slowest the last time is asked first', async () => {
  const { connect, asked, answer, poll } = world();
  const hosts = ['a', 'slow-300', 'b', 'slow-900', 'slow-20'];
  connect(...hosts);
  const polled = poll({ hosts, timeThreshold: 0 });
  assert.deepEqual(asked, ['slow-900', 'slow-300', 'slow-20', 'a', 'b']);
  for (const host of hosts) answer(host, 'trusted');
  assert.deepEqual(trusts(await polled), Array(5).fill('trusted'));
});

test('a threshold of 0 takes no evidence from before the question; none asks nobody', async () => {
  const { connect, accept, asked, answer, poll } = world();
  connect('a');
  accept('a', 'trusted');
  for (const timeThreshold of [undefined, null, '', -1, '-1', -0.5, 60_000, '60000', Infinity])
    assert.deepEqual(trusts(await poll({ hosts: ['a'], timeThreshold })), ['trusted']);
  assert.deepEqual(asked, []);
  for (const timeThreshold of [0, '0', '0.0', ' 0 ']) {
    const polled = poll({ hosts: ['a'], timeThreshold });
    answer('a', 'untrusted');
    assert.deepEqual(trusts(await polled), ['untrusted']);
  }
  assert.equal(asked.length, 4);
});

test('a wish for fresh evidence that cannot be read is refused, never answered with old evidence', async () => {
  const { connect, accept, poll } = world();
  connect('a');
  accept('a', 'trusted');
  for (const timeThreshold of ['soon', '5s', '1e3', '0x10', {}, [5], true, '5 000'])
    await assert.rejects(poll({ hosts: ['a'], timeThreshold }), {
      code: 'oat-time-invalid',
      where: 'body.timeThreshold',
    });
  await assert.rejects(poll({ hosts: ['a'], deadline: 'now' }), { code: 'oat-time-invalid', where: 'body.deadline' });
});

test('who does not answer, is not connected or fails is unknown in this answer, with the reason, and stays what it is', async () => {
  const { clock, registry, connect, accept, answer, fail, poll } = world();
  connect('good', 'hangs', 'fails');
  for (const host of ['good', 'hangs', 'fails', 'away']) accept(host, 'trusted');
  clock.pass(20_000);
  const polled = poll({ hosts: ['hangs', 'good', 'away', 'fails'], timeThreshold: '10000', deadline: 50 });
  answer('good', 'trusted');
  fail('fails');
  const answers = await polled;
  assert.deepEqual(trusts(answers), ['unknown', 'trusted', 'unknown', 'unknown']);
  const reasons = answers.map(({ reason }) => reason ?? '');
  assert.match(
    reasons[0] ?? '',
    /^no evidence as young as was asked for: it did not answer within 0.05 s; 20 s ago it was trusted$/,
  );
  assert.match(reasons[2] ?? '', /its agent is not connected/);
  assert.match(reasons[3] ?? '', /: the server’s database cannot do this now; /, 'where it lies is for the log');
  for (const { expires, vtime, trust_lvl } of answers)
    if (trust_lvl === 'unknown') assert.equal(expires, vtime, 'it may be used for nothing but this answer');
  assert.equal(registry.current('hangs').verdict.trust, 'trusted');
  assert.deepEqual(trusts(await poll({ hosts: ['hangs', 'away'] })), ['trusted', 'trusted']);
});

test('hosts that are not registered or in no such pool are not asked', async () => {
  const { connect, accept, asked, poll } = world();
  connect('a');
  accept('a', 'trusted');
  const reasons = async (body: object) => (await poll({ timeThreshold: 0, ...body })).map(({ reason }) => reason);
  assert.deepEqual(await reasons({ hosts: ['a'], pool: 'dmz' }), ['there is no pool dmz: no policy names it']);
  assert.deepEqual(await reasons({ hosts: ['z'] }), ['not registered']);
  assert.deepEqual(asked, []);
});

test('a host that has no verdict yet, or an expired one, is asked whatever the threshold', async () => {
  const { clock, connect, accept, asked, answer, poll } = world();
  connect('new', 'old');
  accept('old', 'trusted');
  clock.pass(90_000);
  const polled = poll({ hosts: ['new', 'old'], timeThreshold: 3_600_000 });
  assert.deepEqual(asked, ['new', 'old']);
  for (const host of asked) answer(host, 'trusted');
  assert.deepEqual(trusts(await polled), ['trusted', 'trusted']);
});

test('T22 a name that differs from a registered one by its domain is unknown, and the reason names the one there is', async () => {
  const { accept, poll } = world();
  accept('kvm01.lab', 'trusted');
  accept('kvm02', 'trusted');
  accept('10.0.0.7', 'trusted');
  const said = await poll({ hosts: ['kvm01', 'KVM02.lab', 'kvm01.lab', 'kvm03', '10.0.0.8', '*', '%', 'kvm0%', ''] });
  assert.deepEqual(trusts(said), ['unknown', 'unknown', 'trusted', ...Array(6).fill('unknown')]);
  assert.match(said[0]?.reason ?? '', /^not registered, but kvm01\.lab: /);
  assert.match(said[1]?.reason ?? '', /^not registered, but kvm02: /);
  for (const { reason } of said.slice(3)) assert.equal(reason, 'not registered');
});

test('a running server asks a host anew over its line, and shares one quote among those who ask', async (t) => {
  const { server, host, peer } = await startPool(t);
  const poll = async (timeThreshold: number, more = {}) => {
    const body = { hosts: ['node1'], timeThreshold, ...more };
    const answer = await server.call('POST', '/AttestationService/resources/PollHosts', body);
    return (answer.body as PollHostsAnswer).hosts[0];
  };
  assert.equal((await poll(60_000))?.trust_lvl, 'trusted');
  await host.tpm.pcrExtend(8, { sha256: new Uint8Array(32).fill(0x66) });
  const polls = [poll(0)];
  const challenge = await peer.expect('challenge');
  polls.push(poll(0), poll(0, { deadline: 20_000 })); // they share another one, sent after they asked
  await server.call('GET', '/v1/health');
  peer.send(await host.answer(challenge));
  await peer.expect('result');
  peer.send(await host.answer(await peer.expect('challenge')));
  assert.deepEqual(
    (await Promise.all(polls)).map((entry) => entry?.trust_lvl),
    ['untrusted', 'untrusted', 'untrusted'],
  );
  await peer.expect('result');
  peer.cut();
  while ((await server.host('node1')).connected); // its end reaches the server
  assert.match((await poll(0))?.reason ?? '', /its agent is not connected/);
});

test('a host that hangs delays nobody’s answer past the deadline', async (t) => {
  const { server, host, peer } = await startPool(t);
  const other = await startTestHost(t, { identity: 'second' });
  await server.call('POST', '/v1/hosts', { name: 'node2' });
  const hung = await connectPeer(t, server);
  hung.send({ type: 'hello', version: 1, host: 'node2', agent: 'test', ak_name: other.akName });
  await hung.expect('enrol-wanted');
  hung.send(await other.enrolFrame());
  hung.send(await other.activatedFrame(await hung.expect('credential')));
  await hung.expect('enrolled');
  await hung.expect('challenge'); // never answered
  const polled = server.call('POST', '/AttestationService/resources/PollHosts', {
    hosts: ['node2', 'node1'],
    timeThreshold: 0,
    deadline: 300,
  });
  peer.send(await host.answer(await peer.expect('challenge')));
  const { hosts } = (await polled).body as PollHostsAnswer;
  assert.deepEqual(trusts(hosts), ['unknown', 'trusted']);
});
