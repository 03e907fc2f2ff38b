// What somebody retired by hand stays bad, however a script writes its PCRs down again.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { labDocument } from '@assay/appraisal';
import type { ReferenceList } from '@assay/protocol';
import { connectPeer, startPool, startTestHost, startTestServer } from '../../testing/index.ts';
import { oatClient } from '../../testing/oat-client.ts';

const wlm = '/WLMService/resources';

async function retiredFirmware(t: TestContext) {
  const host = await startTestHost(t);
  const server = await startTestServer(t, {
    softwareTpmCas: host.cas,
    policy: { ...labDocument, known_good: ['firmware'] },
  });
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const peer = await connectPeer(t, server);
  peer.send(await host.answer(await host.greet(peer, 'node1')));
  await peer.expect('result');
  const ask = oatClient(server);
  const write = async (request: string, body: object) =>
    (await ask(request.replace(' /', ` ${wlm}/`), JSON.stringify(body))).body;
  const { sha256 } = await host.tpm.pcrRead([{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);
  const entries = [...(sha256 ?? [])].map(([pcr, value]) => ({
    Name: String(pcr),
    Value: Buffer.from(value).toString('hex'),
  }));
  const mle = (Name: string, manifests: object[]) => ({
    ...{ Name, Version: '1', OemName: 'Fab', MLE_Type: 'BIOS', MLE_Manifests: manifests },
  });
  const trust = async () => (await server.host('node1')).verdict.trust;
  await write('POST /oem', { Name: 'Fab' });
  assert.equal(await write('POST /mles', mle('bios', entries.slice(0, 8))), 'true');
  assert.equal(await trust(), 'trusted');
  const { values } = (await server.call('GET', '/v1/reference')).body as ReferenceList;
  const ids = values.map(({ id }) => id);
  await server.call('POST', '/v1/reference/retire', { ids, force: true, because: 'CVE-1' });
  assert.equal(await trust(), 'untrusted');
  return { write, entries, mle, trust };
}

test('a retired white list does not come back with one PCR more', async (t) => {
  const { write, entries, mle, trust } = await retiredFirmware(t);
  assert.match(await write('PUT /mles', mle('bios', entries.slice(0, 9))), /CVE-1|firmware bios/);
  assert.match(await write('POST /mles', mle('other', entries.slice(0, 9))), /firmware bios/);
  assert.equal(await trust(), 'untrusted');
});

test('a retired white list does not come back in two halves', async (t) => {
  const { write, entries, mle, trust } = await retiredFirmware(t);
  assert.equal(await write('POST /mles', mle('low', entries.slice(0, 4))), 'true');
  assert.match(await write('POST /mles', mle('high', entries.slice(4, 8))), /firmware bios/);
  assert.equal(await trust(), 'untrusted');
});

test('firmware that was learnt, and retired, does not come back as a white list', async (t) => {
  const { server, host, peer, verdict } = await startPool(t);
  const ask = oatClient(server);
  const { values } = (await server.call('GET', '/v1/reference')).body as ReferenceList;
  const ids = values.flatMap(({ id, component }) => (component === 'firmware' ? [id] : []));
  await server.call('POST', '/v1/reference/retire', { ids, force: true, because: 'CVE-1' });
  assert.equal((await verdict()).trust, 'untrusted');
  const { sha256 } = await host.tpm.pcrRead([{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7] }]);
  const entries = [...(sha256 ?? [])].map(([pcr, value]) => ({ Name: `${pcr}`, Value: value.toHex() }));
  await ask(`POST ${wlm}/oem`, '{"Name":"Fab"}');
  const mle = { Name: 'bios', Version: '1', OemName: 'Fab', MLE_Type: 'BIOS', MLE_Manifests: entries };
  const { body } = await ask(`POST ${wlm}/mles`, JSON.stringify(mle));
  assert.match(body, /its PCR values, of firmware/);
  assert.equal((await verdict()).trust, 'untrusted');
  const other = [{ ...entries[0], Value: '0'.repeat(64) }, ...entries.slice(1)];
  assert.equal((await ask(`POST ${wlm}/mles`, JSON.stringify({ ...mle, MLE_Manifests: other }))).body, 'true');
  peer.cut();
});

test('a kernel that was learnt, and retired, does not come back as a white list, which its boot loader shares', async (t) => {
  const { server, host, peer, verdict } = await startPool(t);
  const ask = oatClient(server);
  const { values } = (await server.call('GET', '/v1/reference')).body as ReferenceList;
  const ids = values.flatMap(({ id, component }) => (component === 'hypervisor' ? [id] : []));
  await server.call('POST', '/v1/reference/retire', { ids, force: true, because: 'CVE-2' });
  assert.equal((await verdict()).trust, 'untrusted');
  const { sha256 } = await host.tpm.pcrRead([{ hash: 'sha256', pcrs: [4, 8, 9] }]);
  const entries = [...(sha256 ?? [])].map(([pcr, value]) => ({ Name: `${pcr}`, Value: value.toHex() }));
  await ask(`POST ${wlm}/os`, '{"Name":"Linux","Version":"1"}');
  const vmm = { Name: 'kvm', Version: '1', OsName: 'Linux', OsVersion: '1', MLE_Type: 'VMM' };
  const write = async (request: string, manifests: object[]) =>
    (await ask(`${request.replace(' ', ` ${wlm}/`)}`, JSON.stringify({ ...vmm, MLE_Manifests: manifests }))).body;
  for (const [request, manifests] of [
    ['POST mles', entries],
    ['PUT mles', entries.slice(1)],
    ['PUT mles?force=true&because=mended', entries],
  ] as const) {
    assert.equal(await write(request, manifests), 'true');
    const { trust, reason } = await verdict();
    assert.equal(trust, 'untrusted');
    assert.match(reason, /retired .*CVE-2/);
  }
  await server.call('POST', '/v1/reference/reinstate', { ids });
  assert.equal((await verdict()).trust, 'trusted');
  peer.cut();
});
