// What is acknowledged holds: nobody is trusted by the standards of before, whatever went wrong on the way.
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { HostList } from '@assay/protocol';
import { type Fleet, names, startFleet } from './testing/fleet.ts';
import { fleetPolicy } from './testing/recorded.ts';

const because = { because: 'CVE', force: true };

async function trusts({ server }: Fleet): Promise<Record<string, string[]>> {
  const { hosts } = (await server.call('GET', '/v1/hosts')).body as HostList;
  const byTrust = Object.groupBy(hosts, ({ verdict }) => verdict.trust);
  return Object.fromEntries(Object.entries(byTrust).map(([trust, some]) => [trust, some.map(({ name }) => name)]));
}

const retire = async (fleet: Fleet) => {
  const ids = [fleet.ids['hypervisor'] ?? assert.fail()];
  await fleet.ok('POST', '/v1/reference/retire', { ids, ...because });
};

/** Statements beside the server, as a full disk or another program would. */
function storage({ server }: Fleet) {
  const path = server.options.database.replace('sqlite:', '');
  return (statement: string) => {
    using db = new DatabaseSync(path);
    db.exec(statement);
  };
}
const failing = (which: string) =>
  `create trigger full before update on verdicts when ${which} begin select raise(abort, 'disk full'); end`;

test('one host that cannot be judged anew keeps no other from it, and is unknown until it is judged', async (t) => {
  const fleet = await startFleet(
    t,
    names(40).map((name) => ({ name })),
  );
  const sql = storage(fleet);
  sql(failing("new.host = 'node5'"));
  await retire(fleet);
  assert.deepEqual((await trusts(fleet))['unknown'], ['node5']);
  assert.equal((await trusts(fleet))['untrusted']?.length, 39);
  const { verdict } = await fleet.server.host('node5');
  assert.match(verdict.reason, /what is good has changed, and it was not judged by it yet/);
  sql('drop trigger full');
  await fleet.server.server.keepHouse();
  assert.equal((await trusts(fleet))['untrusted']?.length, 40, 'when the storage is well again');
});

test('who was not judged when the server ended is not trusted in its next life', async (t) => {
  const fleet = await startFleet(
    t,
    names(3).map((name) => ({ name })),
  );
  const sql = storage(fleet);
  sql(failing('true'));
  await retire(fleet);
  assert.deepEqual((await trusts(fleet))['unknown'], names(3));
  const again = await fleet.restart();
  assert.deepEqual(Object.keys(await trusts(again)), ['unknown'], 'by what is stored');
  sql('drop trigger full');
  await again.server.server.keepHouse();
  assert.deepEqual(Object.keys(await trusts(again)), ['untrusted']);
});

test('a pool may be called constructor', async (t) => {
  const fleet = await startFleet(
    t,
    names(2).map((name) => ({ name })),
  );
  const pool = 'constructor';
  await fleet.ok('POST', '/v1/policies', { document: { ...fleetPolicy, pool, labels: { zone: 'x' } } });
  await fleet.ok('PUT', '/v1/hosts/node1/labels', { labels: { zone: 'x' } });
  assert.equal(await fleet.trust('node1', pool), 'trusted');
  await retire(fleet);
  assert.deepEqual(await trusts(fleet), { untrusted: names(2) });
  assert.equal(await fleet.trust('node1', pool), 'untrusted');
});
