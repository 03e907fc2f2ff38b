import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { eachDatabase, testClock } from '@assay/daemon/testing';
import { components, defaultPool, type PollHostsAnswer, type Trust, type Verdict } from '@assay/protocol';
import { oatClient } from '../../testing/oat-client.ts';
import { connectPeer } from '../../testing/peer.ts';
import { startTestServer, type TestServerOptions } from '../../testing/server.ts';

const service = '/AttestationService/resources';
const json = 'application/json';
const done = { status: 200, media: json, body: 'true' };
const listed = (body: string) => ({ status: 200, media: json, body });
const refused = (name: string, text: string) => ({
  ...{ status: 400, media: json },
  body: JSON.stringify({ error_code: name, error_message: text }),
});
const kvm01 =
  '{"HostName":"kvm01.lab","IPAddress":"192.0.2.11","Port":"9999","BIOS_Name":"fab-bios","BIOS_Version":"2.7","BIOS_Oem":"Fabrikam",\n "VMM_Name":"kvm","VMM_Version":"8.2","VMM_OSName":"Debian","VMM_OSVersion":"12","Email":"","AddOn_Connection_String":"","Description":""}';
const other = (change: Record<string, unknown>) => JSON.stringify({ ...JSON.parse(kvm01), ...change });

async function withMles(t: TestContext, options: TestServerOptions = {}) {
  const server = await startTestServer(t, options);
  const client = oatClient(server);
  for (const [path, body] of [
    ['oem', '{"Name":"Fabrikam"}'],
    ['os', '{"Name":"Debian","Version":"12"}'],
    ['mles', '{"Name":"fab-bios","Version":"2.7","OemName":"Fabrikam","Attestation_Type":"PCR","MLE_Type":"BIOS"}'],
    [
      'mles',
      '{"Name":"kvm","Version":"8.2","OsName":"Debian","OsVersion":"12","Attestation_Type":"PCR","MLE_Type":"VMM"}',
    ],
  ])
    assert.equal((await client(`POST /WLMService/resources/${path}`, body)).body, 'true');
  /** `POST hosts`, `GET hosts?searchCriteria=x` */
  const ask = (request: string, body?: string) => client(request.replace(' ', ` ${service}/`), body);
  return { server, client, ask };
}

test('T23 examples 13, 14 and 18: a host registered, found, and removed, as the shell tools send and print it', async (t) => {
  const { ask } = await withMles(t);
  assert.deepEqual(await ask('POST hosts', kvm01), done);
  assert.deepEqual(await ask('POST hosts', kvm01), refused('AS_HOST_EXISTS', "Host 'kvm01.lab' already exists."));
  assert.deepEqual(
    await ask('POST hosts', kvm01.replace('2.7', '2.8')),
    refused('AS_BIOS_INCORRECT', "Bios 'fab-bios', version '2.8' or oem 'Fabrikam' is incorrect."),
  );
  const shown =
    '[{"HostName":"kvm01.lab","IPAddress":"192.0.2.11","Port":9999,"BIOS_Name":"fab-bios","BIOS_Version":"2.7","BIOS_Oem":"Fabrikam","VMM_Name":"kvm","VMM_Version":"8.2","VMM_OSName":"Debian","VMM_OSVersion":"12","AddOn_Connection_String":"","Description":"","Email":"","Location":null,"AIK_Certificate":null,"AIK_PublicKey":null,"AIK_SHA1":null}]';
  assert.deepEqual(await ask('GET hosts?searchCriteria=kvm0'), listed(shown));
  assert.deepEqual(await ask('DELETE hosts?hostName=kvm01.lab'), done);
  const gone = refused('AS_HOST_NOT_FOUND', "Host 'kvm01.lab' not found.");
  assert.deepEqual(await ask('DELETE hosts?hostName=kvm01.lab'), gone);
});

test('a host may be registered by its oldest path and with little, and may enrol; what is missing or wrong is named', async (t) => {
  const { ask, server } = await withMles(t);
  assert.deepEqual(
    await ask('POST host', other({ IPAddress: null, Port: 9999, Unknown: { x: 1 }, AIK_Certificate: 'x' })),
    done,
  );
  assert.equal((await server.host('kvm01.lab')).verdict.reason, 'not attested yet');
  const [shown] = JSON.parse((await ask('GET host')).body);
  assert.deepEqual([shown.IPAddress, shown.Port, shown.AIK_Certificate], [null, 9999, null]);
  assert.deepEqual(await ask('DELETE host?hostName=%20kvm01.lab'), done);
  for (const name of ['HostName', 'BIOS_Name', 'BIOS_Version', 'BIOS_Oem', 'VMM_Name', 'VMM_OSName', 'VMM_OSVersion'])
    for (const nothing of [undefined, null, '', ' '])
      assert.deepEqual(
        await ask('POST hosts', other({ [name]: nothing })),
        refused('AS_MISSING_INPUT', `Missing or invalid input '${name}'.`),
      );
  for (const [name, bad] of [
    ['HostName', ['a,b', 'a b', 'x'.repeat(254), '-', 'ü.lab']],
    ['IPAddress', ['a,b', 'a b', 'ü']],
    ['Port', ['x', 0, '65536', '-1', '9999;']],
  ] as const)
    for (const value of bad) {
      const { status, body } = await ask('POST hosts', other({ [name]: value }));
      assert.deepEqual([status, JSON.parse(body).error_code], [400, 'AS_MISSING_INPUT'], body);
    }
  assert.deepEqual(
    await ask('POST hosts', other({ VMM_OSVersion: '13' })),
    refused('AS_VMM_INCORRECT', "VMM 'kvm' or version '8.2', os 'Debian' or os version '13' is incorrect."),
  );
  assert.deepEqual(await ask('GET hosts'), listed('[]'));
});

test('S04 a host goes by the address it was registered with, and that is of one host', async (t) => {
  const { ask, client } = await withMles(t);
  await ask('POST hosts', kvm01);
  const taken = refused('AS_IPADDRESS_EXISTS', "IPAddress '192.0.2.11' already used.");
  const kvm02 = (change = {}) => other({ HostName: 'kvm02.lab', IPAddress: '192.0.2.12', ...change });
  assert.deepEqual(await ask('POST hosts', kvm02({ IPAddress: '192.0.2.11' })), taken);
  assert.deepEqual(await ask('POST hosts', kvm02()), done);
  assert.deepEqual(await ask('PUT hosts', kvm02({ IPAddress: '192.0.2.11' })), taken);
  for (const HostName of ['KVM01.lab', '192.0.2.11'])
    assert.deepEqual(
      await ask('POST hosts', other({ HostName, IPAddress: '192.0.2.13' })),
      refused('AS_HOST_EXISTS', `Host '${HostName}' already exists.`),
    );
  assert.deepEqual(await ask('PUT hosts', kvm02({ IPAddress: '192.0.2.13', Port: '1' })), done);
  const asked = ['KVM02.lab', '192.0.2.13', '192.0.2.12', 'kvm0%', 'kvm01.lab'];
  const { body } = await client(`POST ${service}/PollHosts`, JSON.stringify({ hosts: asked }));
  assert.deepEqual(
    (JSON.parse(body) as PollHostsAnswer).hosts.map(({ host_name, reason }) => [host_name, reason]),
    asked.map((name, at) => [name, [2, 3].includes(at) ? 'not registered' : 'not attested yet']),
  );
  assert.deepEqual(
    await ask('PUT hosts', other({ HostName: 'nobody.lab' })),
    refused('AS_HOST_NOT_FOUND', "Host 'nobody.lab' not found."),
  );
});

test('S04 an agent is a host by its name alone: an alias may not enrol', async (t) => {
  const { ask, server } = await withMles(t);
  await ask('POST hosts', kvm01);
  const peer = await connectPeer(t, server);
  peer.send({ type: 'hello', version: 1, host: '192.0.2.11', agent: 'test' });
  assert.equal((await peer.expect('refused')).code, 'enrol-host-unknown');
  await peer.closed;
});

test('T23 example 15: an MLE that a host was registered with stays until the last of them is gone', async (t) => {
  const { ask, client } = await withMles(t);
  await ask('POST hosts', kvm01);
  await ask('POST hosts', other({ HostName: 'kvm02.lab', IPAddress: null }));
  const [bios, vmm] = ['mleName=fab-bios&mleVersion=2.7&oemName=Fabrikam', 'mleName=kvm&mleVersion=8.2'];
  const drop = (query: string) => client(`DELETE /WLMService/resources/mles?${query}`);
  const used = (name: string, version: string, hosts: number) =>
    refused(
      'WS_MLE_ASSOCIATION_EXISTS',
      `MLE '${name}' of version '${version}' cannot be deleted as it is associated with '${hosts}' hosts.`,
    );
  assert.deepEqual(await drop(bios), used('fab-bios', '2.7', 2));
  assert.deepEqual(await drop(`${vmm}&osName=Debian&osVersion=12`), used('kvm', '8.2', 2));
  await ask('DELETE hosts?hostName=kvm01.lab');
  assert.deepEqual(await drop(bios), used('fab-bios', '2.7', 1));
  await ask('DELETE hosts?hostName=KVM02.lab');
  assert.deepEqual(await drop(bios), done);
});

test('what a host was registered with is replaced whole; without a connection string it has OpenAttestation’s', async (t) => {
  const { ask } = await withMles(t);
  await ask(
    'POST hosts',
    other({ Description: 'rack 2', Email: 'a@b', Location: 'DE', AddOn_Connection_String: null }),
  );
  const shown = async () => {
    const [{ Description, Email, Location, AddOn_Connection_String }] = JSON.parse((await ask('GET hosts')).body);
    return [Description, Email, Location, AddOn_Connection_String];
  };
  assert.deepEqual(await shown(), ['rack 2', 'a@b', 'DE', 'intel:https://192.0.2.11:9999']);
  await ask('PUT hosts', other({ Description: undefined, Email: null }));
  assert.deepEqual(await shown(), [null, null, null, '']);
});

test('what is searched for is a part of the name, whatever is in it; hosts registered elsewhere are found with nulls', async (t) => {
  const { ask, server } = await withMles(t);
  await ask('POST hosts', kvm01);
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const found = async (criteria: string) =>
    JSON.parse((await ask(`GET hosts?searchCriteria=${criteria}`)).body).map(
      ({ HostName }: { HostName: string }) => HostName,
    );
  assert.deepEqual(await found(''), ['kvm01.lab', 'node1']);
  assert.deepEqual(await found('KVM'), ['kvm01.lab']);
  assert.deepEqual(await found('1'), ['kvm01.lab', 'node1']);
  for (const pattern of ['%25', '_', '.*', 'kvm.1', 'k%25b', '(', `${'(a+)+'.repeat(10)}$`])
    assert.deepEqual(await found(pattern), [], pattern);
  const [, node1] = JSON.parse((await ask('GET hosts')).body);
  const { HostName: _, ...rest } = node1;
  assert.deepEqual(new Set(Object.values(rest)), new Set([null]));
});

const verdict = (host: string, trust: Verdict['trust'], parts: Partial<Record<string, Trust>> = {}): Verdict => ({
  ...{ host, pool: defaultPool, trust, reason: 'x', findings: [], software_tpm: false },
  components: components.map((component) => ({ component, trust: parts[component] ?? trust, reason: 'x' })),
  verified_at: '2026-11-23T10:00:05.000Z',
  expires_at: '2026-11-23T10:01:35.000Z',
});

test('T23 examples 16 and 17: trust of a host, in JSON and in XML', async (t) => {
  const clock = testClock('2026-11-23T10:00:05Z');
  const { ask, server } = await withMles(t, { clock });
  await ask('POST hosts', other({ HostName: 'kvm02.lab' }));
  const accept = (round: number, of: Verdict) =>
    server.server.registry.accept({
      ...{ host: of.host, round, revision: 1_000, uptimeMs: clock.uptimeMs(), bootId: clock.bootId },
      verdicts: [of],
    });
  accept(1, verdict('kvm02.lab', 'untrusted', { firmware: 'trusted' }));
  const trust = (bios: boolean, vmm: boolean, name = 'kvm02.lab') =>
    listed(`{"hostname":"${name}","trust":{"bios":${bios},"vmm":${vmm},"location":false,"asset_tag":false}}`);
  const report = (status: number, name = 'kvm02.lab') => ({
    ...{ status: 200, media: 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><hosts_trust_report><Host Host_Name="${name}" MLE_Info="BIOS:fab-bios-2.7,VMM:kvm:8.2" Trust_Status="${status}" Verified_On="2026-11-23T10:00:05.000Z"/></hosts_trust_report>`,
  });
  assert.deepEqual(await ask('GET hosts/trust?hostName=kvm02.lab'), trust(true, false));
  assert.deepEqual(await ask('GET hosts/reports/trust?hostNames=kvm02.lab'), report(0));
  assert.deepEqual(
    await ask('GET hosts/trust?hostName=nope.lab'),
    refused('AS_HOST_NOT_FOUND', "Host 'nope.lab' not found."),
  );
  accept(2, verdict('kvm02.lab', 'trusted'));
  assert.deepEqual(await ask('GET hosts/trust?hostName=KVM02.lab'), trust(true, true, 'KVM02.lab'));
  assert.deepEqual(await ask('GET hosts/reports/trust?hostNames=192.0.2.11'), report(1, '192.0.2.11'));
  clock.pass(90_000);
  assert.deepEqual(await ask('GET hosts/trust?hostName=kvm02.lab'), trust(false, false), 'expired is no trust');
  assert.deepEqual(await ask('GET hosts/reports/trust?hostNames=kvm02.lab'), report(0));
});

eachDatabase('of several updates at once one address is left, the one that is shown', async (url, t) => {
  const { ask, server } = await withMles(t, { database: url });
  await ask('POST hosts', kvm01);
  const addresses = ['192.0.2.21', '192.0.2.22', '192.0.2.23'];
  // On one connection none of them waits for a handshake.
  const socket = connect({ port: server.server.port, host: '127.0.0.1', ca: server.ca });
  for (const IPAddress of addresses) {
    const body = other({ IPAddress });
    const fields = { 'x-auth-blob': server.blob, 'Content-Type': json, 'Content-Length': `${Buffer.byteLength(body)}` };
    const lines = [`PUT ${service}/hosts HTTP/1.1`, 'Host: localhost'];
    for (const [name, value] of Object.entries(fields)) lines.push(`${name}: ${value}`);
    if (IPAddress === addresses.at(-1)) lines.push('Connection: close');
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }
  assert.equal((await text(socket)).match(/HTTP\/1\.1 200 OK/g)?.length, addresses.length);
  const [{ IPAddress: shown }] = JSON.parse((await ask('GET hosts')).body);
  assert.deepEqual((await server.host('kvm01.lab')).aliases, [shown]);
  for (const free of addresses.filter((address) => address !== shown))
    assert.deepEqual(await ask('POST hosts', other({ HostName: `of-${free}`, IPAddress: free })), done);
});

test('a host is removed by its own name, in any case, and not by one that may have gone to another machine', async (t) => {
  const { ask } = await withMles(t);
  await ask('POST hosts', kvm01);
  const [{ IPAddress }] = JSON.parse((await ask('GET hosts')).body);
  assert.deepEqual(
    await ask(`DELETE hosts?hostName=${IPAddress}`),
    refused('AS_HOST_NOT_FOUND', `Host '${IPAddress}' not found. It is another name of kvm01.lab.`),
  );
  assert.deepEqual(await ask('DELETE hosts?hostName=KVM01.lab'), done);
  assert.deepEqual(JSON.parse((await ask('GET hosts')).body), []);
});
