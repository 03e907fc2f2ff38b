// The scheduler's question and the attestation server's answer, fitted together: evidence of a wanted age.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCa, softwareTpm } from '@assay/appraisal/testing';
import { startSlowHost, startTestServer } from '@assay/attestation/testing';
import { systemClock } from '@assay/daemon';
import { pollHostsOf } from '../packages/compute/scheduler/poll-hosts.ts';

test('with attestation_max_age the scheduler has hosts challenged, and no host that hangs is trusted by what it was', async (t) => {
  const ca = makeCa('Slow TPMs');
  const server = await startTestServer(t, { softwareTpmCas: { 'ca.pem': ca.pem } });
  let isHanging = false;
  const quote = () => (isHanging ? new Promise<void>(() => undefined) : Promise.resolve());
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const host = await startSlowHost(t, server, { name: 'node1', tpm: softwareTpm({ ca, freshEk: true }), quote });
  assert.equal((await server.call('POST', '/v1/reference/learn', { host: 'node1' })).status, 200);
  const before = host.asked;

  const access = {
    origin: server.url,
    apiUrl: '/AttestationService/resources',
    authBlob: server.blob,
    ca: Buffer.from(server.ca),
  };
  const told = async (maxAgeS?: number) => {
    const poll = pollHostsOf({ ...access, ...(maxAgeS !== undefined && { maxAgeS }) }, 60, systemClock, 3_000);
    return (await poll(['node1']))('node1');
  };
  assert.equal((await told()).trust, 'trusted');
  assert.equal((await told(60)).trust, 'trusted');
  assert.equal(host.asked, before, 'young enough');
  assert.equal((await told(0)).trust, 'trusted');
  assert.equal(host.asked, before + 1);
  isHanging = true;
  const opinion = await told(0);
  assert.equal(opinion.trust, undefined);
  assert.match(opinion.reason, /it did not answer within 2\.4 s/);
  assert.equal((await told()).trust, 'trusted', 'its verdict stays what it is');
});
