import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explained, explanationOf } from './explain.ts';

const id = '0b6a3b0e-0000-4000-8000-000000000001';
const explanation = {
  server: { id, name: 'web2', trust: 'trusted' },
  decisions: [
    {
      attempt: 1,
      host: null,
      outcome: null,
      created_at: '2026-11-23T10:00:00.000Z',
      hosts: [
        { host: 'node1', filter: 'RamFilter', reason: '256 MB free, 512 MB asked' },
        { host: 'node2', filter: 'TrustedFilter', reason: 'untrusted' },
      ],
    },
  ],
};
const answering = (servers: { id: string; name: string }[]) => {
  const asked: string[] = [];
  const get = async (path: string) => {
    asked.push(path);
    return path.includes('os-assay-decisions') ? explanation : { servers };
  };
  return { asked, client: { get } };
};

test('a name is looked up exactly, though the API takes it as a pattern', async () => {
  const { asked, client } = answering([
    { id: 'x', name: 'web2' },
    { id: 'y', name: 'web2.1' },
  ]);
  await explanationOf(client, 'web2');
  assert.deepEqual(asked, ['/servers?all_tenants=1&name=%5Eweb2%24', '/servers/x/os-assay-decisions']);
});

test('an id is not looked up', async () => {
  const { asked, client } = answering([]);
  await explanationOf(client, id);
  assert.deepEqual(asked, [`/servers/${id}/os-assay-decisions`]);
});

test('no such server and two of that name are told apart', async () => {
  await assert.rejects(explanationOf(answering([]).client, 'web2'), { code: 'server-unknown' });
  const two = [
    { id: 'x', name: 'web2' },
    { id: 'y', name: 'web2' },
  ];
  await assert.rejects(explanationOf(answering(two).client, 'web2'), { code: 'server-ambiguous', hint: /x, y/ });
});

test('each host is told with the filter that refused it and why', () => {
  const text = explained(explanation);
  assert.match(text, /^web2 \(.*\) asks for trusted hosts$/m);
  assert.match(text, /^node1 +refused by RamFilter +256 MB free, 512 MB asked$/m);
  assert.match(text, /^node2 +refused by TrustedFilter +untrusted$/m);
  assert.match(text, /attempt 1: no host/);
  const ofPool = explained({ ...explanation, server: { ...explanation.server, pool: 'secure' } });
  assert.match(ofPool, /^web2 \(.*\) asks for trusted hosts of pool secure$/m);
});

test('where a server landed is told with the hosts that would have done', () => {
  const hosts = [
    { host: 'node1', filter: null, reason: null },
    { host: 'node2', filter: null, reason: null },
  ];
  const decision = { attempt: 1, host: 'node1', outcome: 'started', created_at: 'now', hosts };
  const text = explained({ server: { id, name: 'a\nb', trust: null }, decisions: [decision] });
  assert.match(text, /^a\\u\{a\}b/);
  assert.match(text, /^node1 +chosen$/m);
  assert.match(text, /^node2 +passed$/m);
});
