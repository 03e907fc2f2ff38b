// OAT's shell tools against a process of ours, as they are: nothing in them knows of Assay, ~/.curlrc has the secret.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type OatServer, type Shell, shellFor, startOatServer } from './oat-tools/shell.ts';

const S = 'localhost';
const digest = '3A1F0C5577AB00E2D4C9135E6688F0B1C2D3E4F53A1F0C5577AB00E2D4C9135E';
const other = '00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF';

async function world(t: TestContext): Promise<{ server: OatServer; shell: Shell }> {
  const server = await startOatServer(t);
  const shell = shellFor(t, server);
  assert.match(await shell.run('oat_cert', '-h', S), /-----BEGIN CERTIFICATE-----/);
  return { server, shell };
}
type Call = readonly [tool: string, ...args: string[]];
const said = (text: string): unknown => JSON.parse(text);
const fault = (error_code: string, error_message: string) => ({ error_code, error_message });

test('T23 the tools do from the first OEM to the last what they did on OAT 2', async (t) => {
  const { shell } = await world(t);
  const { run } = shell;
  assert.match(readFileSync(join(shell.folder, 'certfile.cer'), 'utf8'), /-----END CERTIFICATE-----/);

  assert.equal(await run('oat_oem', '-a', '-h', S, '{"Name":"Fabrikam","Description":"rack vendor"}'), 'true');
  assert.deepEqual(
    said(await run('oat_oem', '-a', '-h', S, '{"Name":"Fabrikam","Description":"rack vendor"}')),
    fault('WS_OEM_ALREADY_EXISTS', "OEM 'Fabrikam' is already configured in the system."),
  );
  assert.equal(await run('oat_oem', '-e', '-h', S, '{"Name":"Fabrikam","Description":"of racks"}'), 'true');
  assert.deepEqual(said(await run('oat_view_oem', '-h', S)), [{ Name: 'Fabrikam', Description: 'of racks' }]);
  assert.equal(await run('oat_os', '-a', '-h', S, '{"Name":"Debian","Version":"12","Description":""}'), 'true');
  assert.deepEqual(said(await run('oat_view_os', '-h', S)), [{ Name: 'Debian', Version: '12', Description: '' }]);

  const bios = `{"Name":"fab-bios","Version":"2.7","OemName":"Fabrikam","Attestation_Type":"PCR","MLE_Type":"BIOS","Description":"","MLE_Manifests":[{"Name":"0","Value":"${digest}"}]}`;
  const vmm =
    '{"Name":"kvm","Version":"8.2","OsName":"Debian","OsVersion":"12","Attestation_Type":"PCR","MLE_Type":"VMM","Description":""}';
  assert.equal(await run('oat_mle', '-a', '-h', S, bios), 'true');
  assert.equal(await run('oat_mle', '-a', '-h', S, vmm), 'true');
  const key = '"mleName":"fab-bios","mleVersion":"2.7","oemName":"Fabrikam"';
  assert.deepEqual(said(await run('oat_view_mle', '-h', S, `{${key}}`)), {
    ...{ Name: 'fab-bios', Version: '2.7', Attestation_Type: 'PCR', MLE_Type: 'BIOS', Description: '' },
    ...{ OsName: null, OsVersion: null, OemName: 'Fabrikam', MLE_Manifests: [{ Name: '0', Value: digest }] },
  });
  const found = said(await run('oat_mle_search', '-h', S, '{fab}')) as Record<string, unknown>[];
  assert.deepEqual(
    found.map(({ Name, MLE_Manifests }) => [Name, MLE_Manifests]),
    [['fab-bios', null]],
  );
  assert.deepEqual(said(await run('oat_mle_search', '-h', S, '{nothing}')), []);

  const entry = (pcr: string) => `{"pcrName":"${pcr}","pcrDigest":"${other}",${key}}`;
  assert.deepEqual(
    said(await run('oat_pcrwhitelist', '-a', '-h', S, entry('0'))),
    fault('WS_PCR_WHITELIST_ALREADY_EXISTS', "White list for the PCR '0' is already configured in the system."),
  );
  assert.equal(await run('oat_pcrwhitelist', '-e', '-h', S, entry('0')), 'true');
  assert.equal(await run('oat_pcrwhitelist', '-a', '-h', S, entry('4')), 'true');
  assert.equal(await run('oat_pcrwhitelist', '-d', '-h', S, `{"pcrName":"4",${key}}`), 'true');
  assert.deepEqual((said(await run('oat_view_mle', '-h', S, `{${key}}`)) as { MLE_Manifests: unknown }).MLE_Manifests, [
    { Name: '0', Value: other },
  ]);

  const host =
    '{"HostName":"kvm01.lab","IPAddress":"192.0.2.11","Port":"9999","BIOS_Name":"fab-bios","BIOS_Version":"2.7","BIOS_Oem":"Fabrikam","VMM_Name":"kvm","VMM_Version":"8.2","VMM_OSName":"Debian","VMM_OSVersion":"12","Email":"","AddOn_Connection_String":"","Description":""}';
  assert.equal(await run('oat_host', '-a', '-h', S, host), 'true');
  assert.equal(
    await run('oat_host', '-e', '-h', S, host.replace('"Description":""', '"Description":"rack 4"')),
    'true',
  );
  const [shown] = said(await run('oat_host', '-s', '-h', S, '{kvm0}')) as Record<string, unknown>[];
  assert.deepEqual([shown?.['HostName'], shown?.['Port'], shown?.['Description']], ['kvm01.lab', 9999, 'rack 4']);
  for (const method of ['POST', 'PUT']) {
    const answer = said(
      await shell.with({ POLL_METHOD: method }).run('oat_pollhosts', '-h', S, '{"hosts":["kvm01.lab","nope.lab"]}'),
    );
    assert.deepEqual(
      (answer as { hosts: Record<string, unknown>[] }).hosts.map((one) => [one['host_name'], one['trust_lvl']]),
      [
        ['kvm01.lab', 'unknown'],
        ['nope.lab', 'unknown'],
      ],
    );
  }
  assert.equal(
    (said(await run('oat_mle', '-d', '-h', S, `{${key}}`)) as { error_code: string }).error_code,
    'WS_MLE_ASSOCIATION_EXISTS',
  );
  assert.equal(
    await shell.with({ OLD_PATH: 'host' }).run('oat_host', '-d', '-h', S, '{"hostName":"kvm01.lab"}'),
    'true',
  );
  assert.deepEqual(
    said(await run('oat_host', '-d', '-h', S, '{"hostName":"kvm01.lab"}')),
    fault('AS_HOST_NOT_FOUND', "Host 'kvm01.lab' not found."),
  );

  // JSON with blanks: every key and value of the query begins with one.
  assert.equal(
    await run('oat_mle', '-d', '-h', S, '{"mleName": "fab-bios", "mleVersion": "2.7", "oemName": "Fabrikam"}'),
    'true',
  );
  assert.equal(
    await run(
      'oat_mle',
      '-d',
      '-h',
      S,
      '{"mleName": "kvm", "mleVersion": "8.2", "osName": "Debian", "osVersion": "12"}',
    ),
    'true',
  );
  assert.equal(await run('oat_oem', '-d', '-h', S, '{"Name": "Fabrikam"}'), 'true');
  assert.match(await run('oat_os', '-d', '-h', S, '{"Name": "Debian", "Version": "12"}'), /error_code/);
  assert.equal(await run('oat_os', '-d', '-h', S, '{"Name":"Debian","Version":"12"}'), 'true');
  for (const view of ['oat_view_oem', 'oat_view_os']) assert.deepEqual(said(await run(view, '-h', S)), []);
});

test('T23 names as sed and awk leave them: blanks, per cents, quotes and colons', async (t) => {
  const { shell } = await world(t);
  const { run } = shell;
  for (const name of ['Two Words', '50%', "O'Neil", 'a/b?c=d']) {
    assert.equal(await run('oat_oem', '-a', '-h', S, JSON.stringify({ Name: name, Description: '' })), 'true', name);
    assert.equal(await run('oat_oem', '-d', '-h', S, JSON.stringify({ Name: name })), 'true', name);
  }
  assert.equal(await run('oat_os', '-a', '-h', S, '{"Name":"SLES:sap","Version":"1:2","Description":""}'), 'true');
  assert.equal(await run('oat_os', '-d', '-h', S, '{"Name":"SLES:sap","Version":"1:2"}'), 'true');
  // Java reads `+` as a blank, curl cuts at `#`: what the tools cannot name they could never delete.
  assert.equal(await run('oat_oem', '-a', '-h', S, '{"Name":"a+b","Description":""}'), 'true');
  assert.match(await run('oat_oem', '-d', '-h', S, '{"Name":"a+b"}'), /OEM 'a b' is not configured/);
  // Bytes nobody encoded are no URL to Node: said, and nothing done.
  assert.equal(await run('oat_oem', '-a', '-h', S, '{"Name":"Größe","Description":""}'), 'true');
  assert.match(await run('oat_oem', '-d', '-h', S, '{"Name":"Größe"}'), /"code":"request-malformed"/);
  const names = (said(await run('oat_view_oem', '-h', S)) as { Name: string }[]).map(({ Name }) => Name);
  assert.deepEqual(names.sort(), ['Größe', 'a+b'].sort());
});

test('older tools that ask curl for SSL 3, and a CA named by OAT_CERTFILE, work as well', async (t) => {
  const { server, shell } = await world(t);
  assert.deepEqual(said(await shell.with({ TOOL_SSL: '-s -s -l -3' }).run('oat_view_oem', '-h', S)), []);
  const elsewhere = shellFor(t, server).with({ OAT_CERTFILE: join(shell.folder, 'certfile.cer') });
  assert.deepEqual(said(await elsewhere.run('oat_view_os', '-h', S)), []);
  assert.equal(await shellFor(t, server).run('oat_view_os', '-h', S), '', 'without certfile.cer curl says nothing');
});

test('T11 without the secret, or with a wrong one, the tools are told so in OAT’s words, and nothing is written', async (t) => {
  const { server, shell } = await world(t);
  const unauthorized = fault('HTTP_UNAUTHORIZED', 'HTTP 401 UNAUTHORIZED');
  for (const curlrc of ['', 'header = "x-auth-blob: i-am-openstack"\n']) {
    const stranger = shellFor(t, server, curlrc).with({ OAT_CERTFILE: join(shell.folder, 'certfile.cer') });
    const calls: readonly Call[] = [
      ['oat_oem', '-a', '-h', S, '{"Name":"Fabrikam","Description":""}'],
      ['oat_view_oem', '-h', S],
      ['oat_host', '-d', '-h', S, '{"hostName":"kvm01.lab"}'],
      ['oat_pollhosts', '-h', S, '{"hosts":["kvm01.lab"]}'],
    ];
    for (const call of calls) assert.deepEqual(said(await stranger.run(...call)), unauthorized, call[0]);
  }
  assert.deepEqual(said(await shell.run('oat_view_oem', '-h', S)), []);
});

test('the patch that sends USER#PASSWORD in a header of its own works when that is a secret', async (t) => {
  const { server, shell } = await world(t);
  const plain = shellFor(t, server, '').with({ OAT_CERTFILE: join(shell.folder, 'certfile.cer') });
  const [user = '', password = ''] = server.secrets[1].split('#');
  const poll = (word: string) =>
    plain.run('oat_pollhosts_user', '-h', S, '-uname', user, '-upwd', word, '{"hosts":["a"]}');
  assert.match(await poll(password), /"trust_lvl":"unknown"/);
  assert.match(await poll('another-password'), /HTTP_UNAUTHORIZED/);
});

test('tools of OAT 1.7 that have programs run on the server, or polls repeated, are told that there is no such thing', async (t) => {
  const { shell } = await world(t);
  const calls: readonly Call[] = [
    ['oat_analysisType', '-g', '-h', S],
    ['oat_posthosts', '-a', '-h', S, '{"hosts":["a"]}'],
  ];
  for (const call of calls) {
    const { error_code, error_message } = said(await shell.run(...call)) as Record<string, unknown>;
    assert.deepEqual([call[0], typeof error_code, typeof error_message], [call[0], 'string', 'string']);
  }
});

test('the certificate that oat_cert wrote is enough for assay compat oat, which finds nothing that breaks', async (t) => {
  const { server, shell } = await world(t);
  const secret = join(shell.folder, 'secret');
  writeFileSync(secret, `${server.secrets[0]}\n`, { mode: 0o600 });
  const url = `https://${S}:${server.port}`;
  const args = [
    'compat',
    'oat',
    '--url',
    url,
    '--ca-file',
    'certfile.cer',
    '--auth-blob-file',
    secret,
    '--plain-port',
    '1',
  ];
  const { code, stdout, stderr } = await shell.assay(...args, '--write', '--json');
  assert.equal(code, 0, stdout + stderr);
  const { summary, left } = JSON.parse(stdout);
  assert.deepEqual([summary.breaks, summary['less safe'], left], [0, 0, []]);
});
