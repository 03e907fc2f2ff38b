// Many slow TPMs at once: who is waited for, and who is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCa, softwareTpm } from '@assay/appraisal/testing';
import type { PollHostsAnswer } from '@assay/protocol';
import { startSlowHost, startTestServer } from '../../testing/index.ts';

test('all hosts are challenged before the first has answered, and one that hangs keeps nobody past the deadline', async (t) => {
  const ca = makeCa('Slow TPMs');
  const server = await startTestServer(t, { softwareTpmCas: { 'ca.pem': ca.pem } });
  const names = ['slow1', 'slow2', 'slow3', 'slow4', 'hangs'];
  const quoted = Promise.withResolvers<void>();
  let isSlow = false;
  const hosts = await Promise.all(
    names.map(async (name) => {
      await server.call('POST', '/v1/hosts', { name });
      const quote = () =>
        !isSlow ? Promise.resolve() : name === 'hangs' ? new Promise<void>(() => undefined) : quoted.promise;
      return await startSlowHost(t, server, { name, tpm: softwareTpm({ ca, freshEk: true }), quote });
    }),
  );
  const learnt = await server.call('POST', '/v1/reference/learn', { host: 'slow1' });
  assert.equal(learnt.status, 200, JSON.stringify(learnt.body));
  isSlow = true;

  const asked = Promise.all(hosts.map((host) => host.nextAsked()));
  let isAnswered = false;
  const polled = server
    .call('POST', '/AttestationService/resources/PollHosts', { hosts: names, timeThreshold: 0, deadline: 1_500 })
    .finally(() => {
      isAnswered = true;
    });
  await asked; // every one of them, though none has answered
  assert.equal(isAnswered, false);
  quoted.resolve();
  const { hosts: entries } = (await polled).body as PollHostsAnswer;
  assert.deepEqual(
    entries.map(({ host_name, trust_lvl }) => [host_name, trust_lvl]),
    [...names.slice(0, 4).map((name) => [name, 'trusted']), ['hangs', 'unknown']],
  );
  assert.match(entries[4]?.reason ?? '', /did not answer within 1.5 s/);
});

test('when all have answered, the answer waits for no deadline', async (t) => {
  const ca = makeCa('Slow TPMs');
  const server = await startTestServer(t, { softwareTpmCas: { 'ca.pem': ca.pem } });
  await server.call('POST', '/v1/hosts', { name: 'slow1' });
  const tpm = softwareTpm({ ca, freshEk: true });
  const host = await startSlowHost(t, server, { name: 'slow1', tpm, quote: () => Promise.resolve() });
  const began = performance.now();
  const { body } = await server.call('POST', '/AttestationService/resources/PollHosts', {
    hosts: ['slow1', 'nobody'],
    timeThreshold: 0,
    deadline: 20_000,
  });
  assert.ok(performance.now() - began < 15_000);
  assert.equal(host.asked, 1);
  assert.equal((body as PollHostsAnswer).hosts.length, 2);
});

test('T25 a flood of questions costs a host one quote a second, and every one of them is answered', async (t) => {
  const ca = makeCa('Slow TPMs');
  const server = await startTestServer(t, { softwareTpmCas: { 'ca.pem': ca.pem } });
  await server.call('POST', '/v1/hosts', { name: 'slow1' });
  const tpm = softwareTpm({ ca, freshEk: true });
  const host = await startSlowHost(t, server, { name: 'slow1', tpm, quote: () => Promise.resolve() });
  const began = performance.now();
  const flood = async () => {
    for (let times = 0; times < 3; times++) {
      const { body } = await server.call('POST', '/AttestationService/resources/PollHosts', {
        hosts: ['slow1'],
        timeThreshold: 0,
        deadline: 20_000,
      });
      const [entry] = (body as PollHostsAnswer).hosts;
      assert.doesNotMatch(entry?.reason ?? '', /no evidence as young/);
    }
  };
  await Promise.all(Array.from({ length: 20 }, flood));
  await server.call('POST', '/v1/hosts/slow1/attest');
  assert.ok(host.asked <= 1 + (performance.now() - began) / 1_000, `${host.asked} quotes`);
  assert.ok(host.asked >= 4);
});
