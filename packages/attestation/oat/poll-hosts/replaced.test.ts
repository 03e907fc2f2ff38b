// The connection that was asked gives way to another: what was known before is no answer to a question for fresh evidence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '@assay/daemon/testing';
import type { PollHostsAnswer } from '@assay/protocol';
import { connectPeer, startPool, type TestServer } from '../../testing/index.ts';

const poll = async (server: TestServer, timeThreshold: number) => {
  const body = { hosts: ['node1'], timeThreshold, deadline: 3_000 };
  const answer = await server.call('POST', '/AttestationService/resources/PollHosts', body);
  return (answer.body as PollHostsAnswer).hosts[0];
};

test('evidence of before the question is not fresh, also when another connection brings it meanwhile', async (t) => {
  const { server, host, peer } = await startPool(t);
  const second = await connectPeer(t, server);
  const early = await host.answer(await host.greet(second, 'node1'));
  await host.tpm.pcrExtend(8, { sha256: new Uint8Array(32).fill(0x66) });
  const polled = poll(server, 0);
  const attested = server.call('POST', '/v1/hosts/node1/attest');
  await peer.expect('challenge'); // of the question; never answered
  second.send(early);
  await second.expect('result');
  assert.equal((await polled)?.trust_lvl, 'unknown');
  assert.notEqual((await attested).status, 200);
});

test('an old verdict is not fresh when the connection that is asked is pushed out by newcomers', async (t) => {
  const clock = testClock(Date.now());
  const { server, host, peer } = await startPool(t, { clock });
  peer.cut();
  while ((await server.host('node1')).connected); // its end reaches the server
  clock.pass(60_000);
  const first = await connectPeer(t, server);
  await host.greet(first, 'node1');
  const polled = poll(server, 30_000); // shares the challenge of the greeting
  for (let i = 0; i < 4; i++) await host.greet(await connectPeer(t, server), 'node1');
  const entry = await polled;
  assert.equal(entry?.trust_lvl, 'unknown', JSON.stringify(entry));
});
