// A white list written by OpenAttestation's tools decides over a real host, at once; and the brake over the white list.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { labDocument } from '@assay/appraisal';
import type { Journal, OatMle, ReferenceList, ReferenceSummary } from '@assay/protocol';
import { connectPeer, startTestHost, startTestServer } from '../../testing/index.ts';
import { oatClient } from '../../testing/oat-client.ts';

const wlm = '/WLMService/resources';
const fabBios = { mleName: 'fab-bios', mleVersion: '2.7', oemName: 'Fabrikam' };
const named = `mleName=fab-bios&mleVersion=2.7&oemName=Fabrikam`;

/** node1 has sent evidence; of its firmware alone something has to be known, and nothing is. */
async function firmwareAlone(t: TestContext) {
  const host = await startTestHost(t);
  const policy = { ...labDocument, known_good: ['firmware'] };
  const server = await startTestServer(t, { softwareTpmCas: host.cas, policy });
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const peer = await connectPeer(t, server);
  peer.send(await host.answer(await host.greet(peer, 'node1')));
  await peer.expect('result');
  const ask = oatClient(server);
  const write = async (request: string, body?: object) => {
    const { status, body: text } = await ask(request.replace(' /', ` ${wlm}/`), body && JSON.stringify(body));
    return status === 200 ? text : (JSON.parse(text) as { error_code: string; error_message: string });
  };
  const read = async (bank: 'sha1' | 'sha256') => {
    const banks = await host.tpm.pcrRead([{ hash: bank as 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7] }]);
    return [...(banks[bank as 'sha256'] ?? [])].map(([pcr, value]) => ({
      Name: String(pcr),
      Value: Buffer.from(value).toString('hex'),
    }));
  };
  const list = async () => ((await server.call('GET', '/v1/reference?content=1')).body as ReferenceList).values;
  const verdict = async () => (await server.host('node1')).verdict;
  const manifest = async () => {
    const { body } = await ask(`GET ${wlm}/mles/manifest?${named}`);
    return (JSON.parse(body) as OatMle).MLE_Manifests;
  };
  return { server, host, peer, write, read, list, verdict, manifest };
}

const mle = (manifests: object[]) => ({
  ...{ Name: 'fab-bios', Version: '2.7', OemName: 'Fabrikam', Attestation_Type: 'PCR', MLE_Type: 'BIOS' },
  MLE_Manifests: manifests,
});
const said = (values: readonly ReferenceSummary[]) =>
  values.map(({ state, count, hosts, vendor, name, version, component, by }) =>
    [component, name, version, vendor, by, state, count, hosts.join()].join(' '),
  );

test('a host is good by a white list with all PCRs of its firmware, and untrusted by another one', async (t) => {
  const { write, read, list, verdict, manifest, server } = await firmwareAlone(t);
  const firmware = async () => {
    const { trust, findings } = await verdict();
    return [trust, findings.find(({ allowed }) => !allowed)?.code];
  };
  assert.deepEqual(await firmware(), ['unknown', 'reference-missing'], 'nothing is known: bug 17');
  const entries = await read('sha256');
  assert.equal(entries.length, 8);
  await write('POST /oem', { Name: 'Fabrikam' });
  await write('POST /mles', mle(entries.slice(0, 7)));
  assert.deepEqual(await firmware(), ['untrusted', 'measurement-unknown'], 'of PCR 7 nothing is known');
  const seven = { pcrName: '7', pcrDigest: entries[7]?.Value, ...fabBios };
  assert.equal(await write('POST /mles/whitelist/pcr', seven), 'true');
  assert.deepEqual(await firmware(), ['trusted', undefined]);
  assert.deepEqual(
    said(await list()),
    ['firmware fab-bios 2.7 Fabrikam OAT API current 8 node1'],
    'the shorter one is gone',
  );
  assert.deepEqual(
    await manifest(),
    entries.map(({ Name, Value }) => ({ Name, Value: Value.toUpperCase() })),
  );

  const zero = { pcrName: '0', pcrDigest: '00'.repeat(32), ...fabBios };
  const refused = await write('PUT /mles/whitelist/pcr', zero);
  assert.ok(typeof refused === 'object');
  assert.equal(refused.error_code, 'SYSTEM_ERROR');
  assert.match(
    refused.error_message,
    /^System error: white list of fab-bios 2\.7 \(Fabrikam\): expected a change by which at most 20 % .* got 1 of 1 \(100 %\), most by measurement-retired: node1; the same request with \?force=true&because=… /,
  );
  assert.deepEqual(await firmware(), ['trusted', undefined]);
  assert.equal((await manifest())?.[0]?.Value, entries[0]?.Value.toUpperCase());
  const why = '?force=true&because=new+board';
  assert.equal(await write(`PUT /mles/whitelist/pcr${why}`, zero), 'true');
  assert.deepEqual(await firmware(), ['untrusted', 'measurement-retired']);
  assert.deepEqual(
    (await list()).map(({ state, retired_because, hosts }) => [state, retired_because, hosts]),
    [
      ['retired', 'OAT API: no longer on its white list: new board', ['node1']],
      ['current', undefined, []],
    ],
  );
  assert.equal(await write('PUT /mles/whitelist/pcr', { ...zero, pcrDigest: entries[0]?.Value }), 'true');
  assert.deepEqual(await firmware(), ['trusted', undefined], 'and back');
  const { body } = await server.call('GET', '/v1/journal?action=reference-');
  assert.deepEqual(
    (body as Journal).entries.slice(0, 4).map(({ action, by, because }) => [action, by, because]),
    [
      ['reference-add', 'OAT API', undefined],
      ['reference-retire', 'OAT API', undefined],
      ['reference-add', 'OAT API', 'new board'],
      ['reference-retire', 'OAT API', 'new board'],
    ],
  );
  assert.equal(await write(`DELETE /mles?${named}&force=true&because=gone`), 'true');
  assert.notEqual((await verdict()).trust, 'trusted', 'what nobody has any more is not good');
  assert.deepEqual(
    (await list()).map(({ state, hosts }) => [state, hosts.join()]).sort(),
    [
      ['retired', ''],
      ['retired', 'node1'],
    ],
    'what a verdict rested on is remembered',
  );
  assert.equal(await write('DELETE /oem?Name=Fabrikam'), 'true');
});

test('a white list of SHA-1 digests is kept and shown, and makes nobody good', async (t) => {
  const { write, read, list, verdict, manifest, server } = await firmwareAlone(t);
  await write('POST /oem', { Name: 'Fabrikam' });
  const entries = Array.from({ length: 8 }, (_, pcr) => ({ Name: String(pcr), Value: `${pcr}`.repeat(40) }));
  assert.equal(await write('POST /mles', mle(entries)), 'true');
  assert.deepEqual(await manifest(), entries);
  const { trust, reason } = await verdict();
  assert.equal(trust, 'unknown');
  assert.match(reason, /SHA-1 alone/);
  assert.equal((await server.call('GET', '/v1/hosts/node1/explanation')).status, 200);
  const [value] = await list();
  assert.deepEqual(value?.content?.form === 'pcr-values' && value.content.values[0], {
    ...{ bank: 'sha1', pcr: 0 },
    value: '0'.repeat(40),
  });
  for (const { Name, Value } of (await read('sha256')).slice(0, 7))
    assert.equal(await write('PUT /mles/whitelist/pcr', { pcrName: Name, pcrDigest: Value, ...fabBios }), 'true');
  assert.notEqual((await verdict()).trust, 'trusted', 'PCR 7 is still known by SHA-1 alone');
  assert.equal((await list()).length, 1, 'what nothing can match is not kept as retired');
  const seven = { pcrName: '7', pcrDigest: (await read('sha256'))[7]?.Value, ...fabBios };
  assert.equal(await write('PUT /mles/whitelist/pcr', seven), 'true');
  assert.equal((await verdict()).trust, 'trusted', 'learnt anew');
});

test('bug 17: a white list with a PCR nobody asked for leaves the host unknown, and says which', async (t) => {
  const { write, read, verdict, server } = await firmwareAlone(t);
  await write('POST /oem', { Name: 'Fabrikam' });
  const launch = { Name: '17', Value: '00'.repeat(32) };
  await write('POST /mles', mle([...(await read('sha256')), launch]));
  const { trust, findings } = await verdict();
  const [finding] = findings.filter(({ allowed }) => !allowed);
  assert.deepEqual([trust, finding?.code, finding?.pcr], ['unknown', 'pcr-not-quoted', 17]);
  assert.equal((await server.call('GET', '/v1/hosts/node1/explanation')).status, 200);
  assert.equal(await write(`DELETE /mles/whitelist/pcr?pcrName=17&${named}`), 'true');
  assert.equal((await verdict()).trust, 'trusted');
});

test('what somebody retired by hand does not come back by a script', async (t) => {
  const { write, read, list, verdict, server } = await firmwareAlone(t);
  await write('POST /oem', { Name: 'Fabrikam' });
  const entries = await read('sha256');
  await write('POST /mles', mle(entries));
  const ids = (await list()).map(({ id }) => id);
  await server.call('POST', '/v1/reference/retire', { ids, force: true, because: 'CVE-1' });
  assert.equal((await verdict()).trust, 'untrusted');
  const refused = await write('PUT /mles', mle(entries));
  assert.ok(typeof refused === 'object');
  assert.equal(refused.error_code, 'SYSTEM_ERROR');
  assert.match(refused.error_message, /one retired .*: CVE-1; if it is good again: assay reference reinstate /);
  const renamed = await write('POST /mles', { ...mle(entries), Name: 'another-name' });
  assert.match(
    typeof renamed === 'object' ? renamed.error_message : renamed,
    /the same PCR values, of firmware fab-bios/,
  );
  assert.equal((await verdict()).trust, 'untrusted', 'nor under another name');
  await server.call('POST', '/v1/reference/reinstate', { ids });
  assert.equal(await write('PUT /mles', mle(entries)), 'true', 'nothing changes: it is good again');
  assert.equal((await verdict()).trust, 'trusted');
});
