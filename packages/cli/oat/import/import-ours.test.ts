import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from '@assay/attestation/testing';
import type { Journal, PollHostsAnswer } from '@assay/protocol';
import { generationC } from '../testing/generation-c.ts';
import { host, imported, stocked } from '../testing/importing.ts';
import { startOldServer } from '../testing/old-server.ts';

test('from an OAT 2 to our server: the same is read there again, and moved again nothing is', async (t) => {
  const was = stocked();
  const old = await startOldServer(t, generationC(was));
  const ours = await startTestServer(t);
  const first = await imported(t, old, ours, { because: 'we move' });
  assert.deepEqual(
    first.moved.filter(({ outcome }) => outcome !== 'moved'),
    [],
  );
  const get = async (path: string) => (await ours.call('GET', path)).body as Record<string, unknown>[];
  assert.deepEqual(await get('/WLMService/resources/oem'), was.oems);
  assert.deepEqual(await get('/WLMService/resources/os'), was.oses);
  for (const { row, manifests } of was.mles) {
    const owner = row['OemName']
      ? `oemName=${row['OemName']}`
      : `osName=${row['OsName']}&osVersion=${row['OsVersion']}`;
    const path = `/WLMService/resources/mles/manifest?mleName=${row['Name']}&mleVersion=${row['Version']}&${owner}`;
    assert.deepEqual(await get(path), { ...row, MLE_Manifests: manifests });
  }
  const hosts = await get('/AttestationService/resources/hosts?searchCriteria=');
  assert.deepEqual(
    hosts.map(({ Location, AIK_Certificate, AIK_PublicKey, AIK_SHA1, ...told }) => told),
    was.hosts.map((one) => ({ ...one, Port: 9999 })),
  );
  const { entries } = (await ours.call('GET', '/v1/journal')).body as Journal;
  assert.ok(entries.some(({ because }) => /^imported from 127\.0\.0\.1:\d+ by .*: we move$/.test(because ?? '')));
  const second = await imported(t, old, ours);
  assert.deepEqual([second.whole, new Set(Object.values(second.outcomes))], [true, new Set(['there already'])]);
});

test('hosts that an old server wrote in capitals are found here in any case, and not moved twice', async (t) => {
  const was = stocked();
  was.hosts = [host('KVM07.Lab', '192.0.2.17')];
  const old = await startOldServer(t, generationC(was));
  const ours = await startTestServer(t);
  for (const outcome of ['moved', 'there already'])
    assert.equal((await imported(t, old, ours)).outcomes['host KVM07.Lab'], outcome);
  const { body } = await ours.call('POST', '/AttestationService/resources/PollHosts', { hosts: ['KVM07.Lab'] });
  const [entry] = (body as PollHostsAnswer).hosts;
  assert.deepEqual([entry?.host_name, entry?.reason], ['KVM07.Lab', 'not attested yet']);
});
