// The reference's worked examples of the white list service (4–12, 15), byte for byte: what a client sends, and all of what it gets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '@assay/daemon/storage';
import { migrations } from '../storage/migrations/catalogue.ts';
import type { Schema } from '../storage/schema.ts';
import { oatClient } from '../testing/oat-client.ts';
import { startTestServer } from '../testing/server.ts';

const wlm = '/WLMService/resources';
const [text, json] = ['text/plain', 'application/json'];
const done = (media = text) => ({ status: 200, media, body: 'true' });
const refused = (body: string) => ({ status: 400, media: json, body });
const listed = (body: string) => ({ status: 200, media: json, body });
const bios =
  '{"Name":"fab-bios","Version":"2.7","OemName":"Fabrikam","Attestation_Type":"PCR","MLE_Type":"BIOS","Description":"",\n "MLE_Manifests":[{"Name":"0","Value":"3A1F0C5577AB00E2D4C9135E6688F0B1C2D3E4F5"}]}';
const vmm = (more = '') =>
  `{"Name":"kvm","Version":"8.2","OsName":"Debian","OsVersion":"13",${more}"Attestation_Type":"PCR","MLE_Type":"VMM"}`;
const fabBios = 'mleName=fab-bios&mleVersion=2.7&oemName=Fabrikam';

test('T23 examples 4–12 and 15: OEM, OS, MLE and white list, as the shell tools send and print them', async (t) => {
  const server = await startTestServer(t);
  const ask = oatClient(server);
  const says = async (request: string, body: string | undefined, expected: object) =>
    assert.deepEqual(await ask(`${request.replace(' /', ` ${wlm}/`)}`, body), expected, request);

  const oem = '{"Name":"Fabrikam","Description":"rack vendor"}'; // 4
  await says('POST /oem', oem, done());
  await says(
    'POST /oem',
    oem,
    refused(
      '{"error_code":"WS_OEM_ALREADY_EXISTS","error_message":"OEM \'Fabrikam\' is already configured in the system."}',
    ),
  );
  await says('GET /oem', undefined, listed('[{"Name":"Fabrikam","Description":"rack vendor"}]'));
  await says('POST /os', '{"Name":"Debian","Version":"12","Description":""}', done()); // 5
  await says('GET /os', undefined, listed('[{"Name":"Debian","Version":"12","Description":""}]'));
  await says('POST /mles', bios, done()); // 6
  await says(
    'POST /mles', // 7
    vmm(),
    refused(
      '{"error_code":"WS_OS_DOES_NOT_EXIST","error_message":"OS \'Debian\' of version \'13\' is not configured in the system."}',
    ),
  );
  await says(
    'POST /mles', // 8
    vmm('"OemName":"Fabrikam",'),
    refused(
      '{"error_code":"WS_OEM_OS_DATA_CANNOT_COEXIST","error_message":"Both OEM and OS information cannot be provided together."}',
    ),
  );
  const mle = (manifests: string) =>
    `{"Name":"fab-bios","Version":"2.7","Attestation_Type":"PCR","MLE_Type":"BIOS","Description":"","OsName":null,"OsVersion":null,"OemName":"Fabrikam","MLE_Manifests":${manifests}}`;
  const manifest = (value: string) => listed(mle(`[{"Name":"0","Value":"${value}"}]`));
  await says(`GET /mles/manifest?${fabBios}`, undefined, manifest('3A1F0C5577AB00E2D4C9135E6688F0B1C2D3E4F5')); // 9
  await says('GET /mles?searchCriteria=fab', undefined, listed(`[${mle('null')}]`)); // 10
  await says('GET /mles?searchCriteria=none', undefined, listed('[]'));
  const entry = // 11
    '{"pcrName":"0","pcrDigest":"00112233445566778899AABBCCDDEEFF00112233","mleName":"fab-bios","mleVersion":"2.7","oemName":"Fabrikam"}';
  await says(
    'POST /mles/whitelist/pcr',
    entry,
    refused(
      '{"error_code":"WS_PCR_WHITELIST_ALREADY_EXISTS","error_message":"White list for the PCR \'0\' is already configured in the system."}',
    ),
  );
  await says('PUT /mles/whitelist/pcr', entry, done());
  await says(`GET /mles/manifest?${fabBios}`, undefined, manifest('00112233445566778899AABBCCDDEEFF00112233'));
  await says(`DELETE /mles/whitelist/pcr?pcrName=4&${fabBios}`, undefined, done()); // 12
  await says(
    `DELETE /mles/whitelist/pcr?pcrName=4&${fabBios.replace('fab-bios', 'x')}`,
    undefined,
    refused(
      '{"error_code":"WS_MLE_OEM_DOES_NOT_EXIST","error_message":"MLE name \'x\' version \'2.7\' oem \'Fabrikam\' is not configured in the system."}',
    ),
  );
  const db = await openDatabase<Schema>(server.options.database, migrations); // 15
  t.after(() => db.destroy());
  await server.call('POST', '/v1/hosts', { name: 'kvm01.lab' });
  const none = { ip_address: null, port: null, email: null, description: null, location: null, aik_certificate: null };
  const noVmm = { vmm_name: null, vmm_version: null, vmm_os_name: null, vmm_os_version: null };
  const registered = { bios_name: 'fab-bios', bios_version: '2.7', bios_oem: 'Fabrikam' };
  await db
    .insertInto('oat_hosts')
    .values({ host: 'kvm01.lab', ...none, ...noVmm, addon_connection_string: null, ...registered })
    .execute();
  await says(
    `DELETE /mles?${fabBios}`,
    undefined,
    refused(
      '{"error_code":"WS_MLE_ASSOCIATION_EXISTS","error_message":"MLE \'fab-bios\' of version \'2.7\' cannot be deleted as it is associated with \'1\' hosts."}',
    ),
  );
  await says(
    'DELETE /oem?Name=Fabrikam',
    undefined,
    refused(
      '{"error_code":"WS_OEM_ASSOCIATION_EXISTS","error_message":"OEM \'Fabrikam\' cannot be deleted as it is associated with 1 MLEs."}',
    ),
  );
  await server.call('DELETE', '/v1/hosts/kvm01.lab');
  await says(`DELETE /mles?${fabBios}`, undefined, done(json));
  await says('DELETE /oem?Name=Fabrikam', undefined, done());
  await says('DELETE /os?Name=Debian&Version=12', undefined, done());
  for (const path of ['oem', 'os', 'mles']) await says(`GET /${path}`, undefined, listed('[]'));
});
