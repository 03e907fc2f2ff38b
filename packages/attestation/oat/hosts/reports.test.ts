import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oatClient } from '../../testing/oat-client.ts';
import { startPool } from '../../testing/pool.ts';
import { startTestServer } from '../../testing/server.ts';

const service = '/AttestationService/resources/hosts';
const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const attributes = (xml: string, element: string) =>
  [...xml.matchAll(new RegExp(`<${element} ([^>]*)/>`, 'g'))].map(([, text = '']) =>
    Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  );

test('reports of a real host: proven PCR values, what is good of them, what the policy asks nothing of', async (t) => {
  const { server, host } = await startPool(t);
  const client = oatClient(server);
  const ask = async (path: string) => (await client(`GET ${service}/${path}`)).body;
  const { sha256 } = await host.tpm.pcrRead([{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }]);
  const hex = (pcr: number) => sha256?.get(pcr)?.toHex() ?? '';
  const at = (await server.host('node1')).verdict.verified_at;

  const rows = attributes(await ask('reports/manifest?hostName=Node1'), 'Manifest');
  const expected = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((pcr) => ({
    ...{ Name: String(pcr), Value: hex(pcr), TrustStatus: '1', Verified_On: at },
  }));
  assert.deepEqual(
    rows.filter(({ Name }) => Number(Name) < 10),
    expected,
  );
  assert.match(
    await ask('reports/manifest?hostName=Node1'),
    /^<\?xml [^>]*\?><host_manifest_report><Host Name="Node1"><Manifest /,
  );
  const { PcrLogReport } = JSON.parse(await ask('reports/attestationreport?hostName=node1&failure_only=false'));
  assert.deepEqual(PcrLogReport[4], {
    ...{ Name: 4, TrustStatus: 1, Value: hex(4), WhitelistValue: hex(4), Verified_On: at, ModuleLogs: [] },
  });
  assert.deepEqual(JSON.parse(await ask('reports/attestationreport?hostName=node1&failure_only=true')), {
    PcrLogReport: [],
  });
  const quoted = await ask('reports/attestation?hostName=node1');
  assert.ok(quoted.startsWith(`${head}<Host_Attestation_Report Host_Name="node1" Host_VMM="" TXT_Support="false">`));
  assert.deepEqual(
    attributes(quoted, 'PCRInfo').find(({ ComponentName }) => ComponentName === '4'),
    { ComponentName: '4', DigestValue: hex(4).toUpperCase() },
  );
});

test('a PCR that somebody extended is told with its value and what the white list has; results are the newest five', async (t) => {
  const { server, host, peer, ask: challenged } = await startPool(t);
  const client = oatClient(server);
  const ask = async (path: string) => (await client(`GET ${service}/${path}`)).body;
  const listed = 'aa'.repeat(32);
  await client('POST /WLMService/resources/os', '{"Name":"Debian","Version":"12"}');
  const owner = { OsName: 'Debian', OsVersion: '12', Attestation_Type: 'PCR', MLE_Type: 'VMM' };
  const mle = { Name: 'kvm', Version: '8.2', ...owner, MLE_Manifests: [{ Name: '4', Value: listed }] };
  const written = await client('POST /WLMService/resources/mles', JSON.stringify(mle));
  assert.equal(written.body, 'true');
  /** @returns its trust, and when that was found */
  const attested = async () => {
    const { challenge, verdict } = await challenged();
    peer.send(await host.answer(challenge));
    await peer.expect('result');
    const { trust, verified_at } = await verdict;
    return { Trust_Status: trust === 'trusted' ? '1' : '0', Verified_On: verified_at };
  };
  const results: object[] = [];
  for (let boot = 0; boot < 3; boot++) {
    await host.reboot();
    results.unshift(await attested());
    await host.tpm.pcrExtend(4, { sha256: new Uint8Array(32).fill(9) });
    results.unshift(await attested());
  }
  assert.deepEqual(
    attributes(await ask('reports/trust?hostNames=node1'), 'Host').map(({ Trust_Status, Verified_On }) => ({
      ...{ Trust_Status, Verified_On },
    })),
    results.slice(0, 5),
  );
  assert.equal(
    await ask('reports/trust?hostNames=node1,%20node1,node1'),
    await ask('reports/trust?hostNames=node1'),
    'each name once',
  );
  assert.deepEqual(
    results.map((one) => Object.values(one)[0]),
    ['0', '1', '0', '1', '0', '1'],
  );
  const { PcrLogReport } = JSON.parse(await ask('reports/attestationreport?hostName=node1&failure_only=true'));
  const told = PcrLogReport.find(({ Name }: { Name: number }) => Name === 4);
  const { sha256 } = await host.tpm.pcrRead([{ hash: 'sha256', pcrs: [4] }]);
  assert.deepEqual([told.TrustStatus, told.Value, told.WhitelistValue], [0, sha256?.get(4)?.toHex(), listed]);
  const rows = attributes(await ask('reports/manifest?hostName=node1'), 'Manifest');
  assert.equal(rows.find(({ Name }) => Name === '4')?.['TrustStatus'], '0');
  const trust = JSON.parse(await ask('trust?hostName=node1'));
  assert.ok(!(trust.trust.bios && trust.trust.vmm));

  const { registry } = server.server;
  const stored = registry.stored('node1');
  assert.ok(stored);
  const verdicts = stored.verdicts.map((one) => ({ ...one, evidence_sha256: 'of a later round' }));
  registry.accept({ ...stored, round: stored.round + 1, verdicts });
  assert.equal(await ask('reports/manifest?hostName=node1'), `${head}<host_manifest_report/>`);
  assert.match(
    await ask('reports/attestation?hostName=node1'),
    /<PCRInfo Error="No quote of this host is verified\."\/>/,
  );
});

test('a host that sent nothing, or nothing true, is told without values; one that is not there is an error', async (t) => {
  const server = await startTestServer(t);
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const client = oatClient(server);
  const ask = async (path: string) => {
    const { status, media, body } = await client(`GET ${service}/${path}`);
    return [status, media, body];
  };
  const xml = (body: string) => [200, 'application/xml', `${head}${body}`];
  assert.deepEqual(await ask('reports/manifest?hostName=node1'), xml('<host_manifest_report/>'));
  assert.deepEqual(await ask('reports/trust?hostNames=node1'), xml('<hosts_trust_report/>'));
  assert.deepEqual(
    await ask('reports/attestation?hostName=node1'),
    xml(
      '<Host_Attestation_Report Host_Name="node1" Host_VMM="" TXT_Support="false"><PCRInfo Error="Host does not support TPM."/></Host_Attestation_Report>',
    ),
  );
  assert.deepEqual(await ask('reports/attestationreport?hostName=node1'), [
    ...[200, 'application/json', '{"PcrLogReport":[]}'],
  ]);
  const refused = (name: string, text: string) => [
    ...[400, 'application/json', JSON.stringify({ error_code: name, error_message: text })],
  ];
  const missing = (name: string) => refused('AS_MISSING_INPUT', `Missing or invalid input '${name}'.`);
  for (const path of ['trust', 'reports/manifest', 'reports/attestation', 'reports/attestationreport']) {
    assert.deepEqual(await ask(path), missing('hostName'));
    assert.deepEqual(await ask(`${path}?hostName=no%20one`), refused('AS_HOST_NOT_FOUND', "Host 'no one' not found."));
  }
  assert.deepEqual(await ask('reports/trust?hostNames='), missing('hostNames'));
  const many = Array.from({ length: 1_001 }, (_, at) => at.toString(36)).join();
  assert.deepEqual(await ask(`reports/trust?hostNames=${many}`), missing('hostNames'));
  assert.deepEqual(
    await ask('reports/trust?hostNames=node1,%3Cb%3E'),
    refused('AS_HOST_NOT_FOUND', "Host '<b>' not found."),
    'one that is unknown fails the whole',
  );
});
