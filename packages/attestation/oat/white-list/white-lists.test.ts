// The white list service beyond the worked examples: what clients send badly, what OpenAttestation had wrong, what comes from elsewhere.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { testClock } from '@assay/daemon/testing';
import type { NewReferenceValue, OatMle } from '@assay/protocol';
import fc from 'fast-check';
import { fleetPolicy, valuesOf } from '../../changes/testing/recorded.ts';
import { oatClient } from '../../testing/oat-client.ts';
import { startTestServer } from '../../testing/server.ts';

const wlm = '/WLMService/resources';
type Refused = { error_code: string; error_message: string };

async function started(t: TestContext) {
  const server = await startTestServer(t, { policy: fleetPolicy, clock: testClock(Date.now()) });
  const client = oatClient(server);
  const ask = async (request: string, body?: unknown) => {
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    return await client(request.replace(' /', ` ${wlm}/`), text);
  };
  const ok = async (request: string, body?: unknown) => {
    const { status, body: text } = await ask(request, body);
    assert.equal(status, 200, `${request}: ${text}`);
    return text === 'true' || text === '' || !/^[[{]/.test(text) ? text : (JSON.parse(text) as unknown);
  };
  /** Name and text of a refusal, always 400. */
  const refused = async (request: string, body?: unknown) => {
    const { status, media, body: text } = await ask(request, body);
    assert.deepEqual([status, media], [400, 'application/json'], `${request}: ${text}`);
    const { error_code, error_message } = JSON.parse(text) as Refused;
    return [error_code, error_message] as const;
  };
  const found = async (criteria = '') =>
    ((await ok(`GET /mles?searchCriteria=${criteria}`)) as OatMle[]).map((one) => `${one.MLE_Type} ${one.Name}`);
  return { server, client, ask, ok, refused, found };
}

const bios = (more: object = {}) => ({ Name: 'bios', Version: '1', OemName: 'Fab', MLE_Type: 'BIOS', ...more });
const vmm = (more: object = {}) => ({
  ...{ Name: 'kvm', Version: '8', OsName: 'Debian', OsVersion: '12', MLE_Type: 'VMM', ...more },
});
const owners = async ({ ok }: Awaited<ReturnType<typeof started>>) => {
  await ok('POST /oem', { Name: 'Fab' });
  await ok('POST /os', { Name: 'Debian', Version: '12' });
};
const biosQuery = 'mleName=bios&mleVersion=1&oemName=Fab';
const sha256 = (digit: string) => digit.repeat(64);

test('slashes too many, names and values with blanks, empty and absent and null are taken as they are meant', async (t) => {
  const oat = await started(t);
  const { ok } = oat;
  await ok('POST //oem', { Name: ' Fab ', Description: null, Unknown: [{}], Count: 7 });
  await ok('POST /os/', { Name: 'Debian', Version: 12, Description: '' });
  assert.deepEqual(await ok('GET /oem/'), [{ Name: 'Fab', Description: null }]);
  assert.deepEqual(await ok('GET //os'), [{ Name: 'Debian', Version: '12', Description: '' }]);
  await ok('POST /mles', { ...bios(), OsName: '', OsVersion: null, MLE_Manifests: null });
  assert.equal(await ok('DELETE /mles/?mleName=%20bios&%20mleVersion=1&oemName=Fab+&osName='), 'true');
  await ok('DELETE /oem?Name=%20Fab');
  await ok('DELETE /os?Name=Debian&Version=12');
});

test('both spellings of the PCR object are one', async (t) => {
  const oat = await started(t);
  await owners(oat);
  const { ok } = oat;
  await ok('POST /mles', vmm());
  const early = { MLEName: 'kvm', MLEVersion: '8', OSName: 'Debian', OSVersion: '12', OEMName: null };
  await ok('POST /mles/whitelist/pcr', { PCRName: '18', PCRDigest: sha256('a'), ...early });
  const late = { mleName: 'kvm', mleVersion: '8', osName: 'Debian', osVersion: '12' };
  await ok('PUT /mles/whitelist/pcr/', { pcrName: 18, pcrDigest: sha256('B'), ...late });
  const query = 'mleName=kvm&mleVersion=8&osName=Debian&osVersion=12';
  const { MLE_Manifests } = (await ok(`GET /mles/manifest?${query}`)) as OatMle;
  assert.deepEqual(MLE_Manifests, [{ Name: '18', Value: sha256('B') }]);
  await ok(`DELETE /mles/whitelist/pcr?pcrName=18&${query}`);
  assert.deepEqual(((await ok(`GET /mles/manifest?${query}`)) as OatMle).MLE_Manifests, []);
});

test('bug 11: a PCR that is none and a digest that is none are refused, and nothing of the list is kept', async (t) => {
  const oat = await started(t);
  await owners(oat);
  const { ok, refused } = oat;
  const invalid = 'WS_MLE_PCR_NOT_VALID';
  for (const Value of [
    '',
    '@@@@',
    'ab',
    `${sha256('a')}0`,
    `0x${'a'.repeat(62)}`,
    'g'.repeat(40),
    'a'.repeat(128),
    null,
  ])
    assert.equal(
      (await refused('POST /mles', bios({ MLE_Manifests: [{ Name: '0', Value }] })))[0],
      invalid,
      `${Value}`,
    );
  for (const Name of ['24', '-1', '00', '1.0', 'seven', '0x1', '1e1', '٣'])
    assert.deepEqual(await refused('POST /mles', bios({ MLE_Manifests: [{ Name, Value: sha256('a') }] })), [
      invalid,
      `White list for the PCR '${Name}' is not a valid value: a PCR from 0 to 23 is`,
    ]);
  for (const MLE_Manifests of ['x', {}, [7], [null], [{ Name: ['0'], Value: sha256('a') }]])
    assert.equal((await refused('POST /mles', bios({ MLE_Manifests })))[0], 'SYSTEM_ERROR');
  const twice = [sha256('a'), sha256('b')].map((Value) => ({ Name: '3', Value }));
  assert.equal((await refused('POST /mles', bios({ MLE_Manifests: twice })))[0], 'WS_PCR_WHITELIST_ALREADY_EXISTS');
  assert.deepEqual(await ok('GET /mles'), []);
  await ok('POST /mles', bios());
  const entry = { mleName: 'bios', mleVersion: '1', oemName: 'Fab', pcrName: '3', pcrDigest: 'xyz' };
  for (const method of ['POST', 'PUT'])
    assert.equal((await refused(`${method} /mles/whitelist/pcr`, entry))[0], invalid);
  const missing = 'WS_MLE_DATA_MISSING';
  assert.equal((await refused('POST /mles/whitelist/pcr', { ...entry, pcrDigest: '' }))[0], missing);
  assert.equal((await refused('POST /mles/whitelist/pcr', { ...entry, pcrName: null }))[0], missing);
  assert.equal((await refused(`DELETE /mles/whitelist/pcr?${biosQuery}&pcrName=x`))[0], invalid);
});

test('bug 13: what fails answers its failure, by name', async (t) => {
  const oat = await started(t);
  await owners(oat);
  const { refused, ok } = oat;
  const missing = 'WS_MLE_DATA_MISSING';
  for (const method of ['POST', 'PUT']) {
    const is = async (body: object, ...expected: string[]) =>
      assert.deepEqual((await refused(`${method} /mles`, body)).slice(0, expected.length), expected);
    await is(bios({ Name: '' }), missing, "Required input parameter 'Name' is either null or empty. ");
    await is(bios({ Version: null }), missing);
    await is(bios({ OemName: undefined }), missing, "Required input parameter 'OEM/OS' is either null or empty. ");
    await is(vmm({ OsVersion: '' }), missing);
    await is(vmm({ OemName: 'Fab' }), 'WS_OEM_OS_DATA_CANNOT_COEXIST');
    await is(bios({ MLE_Type: 'VMM' }), missing, "Required input parameter 'OsName' is either null or empty. ");
    await is(bios({ MLE_Type: 'bios' }), 'SYSTEM_ERROR', 'System error: MLE_Type: expected BIOS or VMM');
    await is(bios({ Attestation_Type: 'SAML' }), 'SYSTEM_ERROR');
    await is(bios({ Name: ['a'] }), 'SYSTEM_ERROR', 'System error: Name: expected text');
    await is(bios({ Name: 'x'.repeat(256) }), 'SYSTEM_ERROR');
    await is(bios({ Description: 'x'.repeat(1001) }), 'SYSTEM_ERROR');
    await is(bios({ Description: `${' '.repeat(1000)}x` }), 'SYSTEM_ERROR');
  }
  assert.equal((await refused('POST /mles', bios({ OemName: 'Nobody' })))[0], 'WS_OEM_DOES_NOT_EXIST');
  assert.deepEqual(await refused('PUT /mles', bios({ Name: 'none' })), [
    'WS_MLE_DOES_NOT_EXIST',
    "MLE 'none' of version '1' is not configured in the system.",
  ]);
  assert.equal((await refused(`DELETE /mles?${biosQuery}`))[0], 'WS_MLE_DOES_NOT_EXIST');
  assert.equal((await refused(`GET /mles/manifest?${biosQuery}`))[0], 'WS_MLE_DOES_NOT_EXIST');
  assert.equal((await refused('GET /mles/manifest'))[0], missing);
  const entry = {
    pcrName: '3',
    pcrDigest: sha256('a'),
    mleName: 'kvm',
    mleVersion: '8',
    osName: 'Debian',
    osVersion: '12',
  };
  assert.deepEqual(await refused('PUT /mles/whitelist/pcr', entry), [
    'WS_MLE_OS_DOES_NOT_EXIST',
    "MLE name 'kvm' version '8' os 'Debian' os version '12' is not configured in the system.",
  ]);
  await ok('POST /mles', vmm());
  assert.equal((await refused('PUT /mles/whitelist/pcr', entry))[0], 'WS_PCR_WHITELIST_DOES_NOT_EXIST');
  assert.deepEqual(await refused('POST /mles', vmm()), [
    'WS_MLE_ALREADY_EXISTS',
    "MLE 'kvm' is already configured in the system.",
  ]);
  for (const method of ['POST', 'PUT'])
    assert.deepEqual(await refused(`${method} /oem`, { Name: ' ' }), [
      'SYSTEM_ERROR',
      'System error: OEM Name is missing',
    ]);
  assert.equal((await refused('PUT /oem', { Name: 'Nobody' }))[0], 'WS_OEM_DOES_NOT_EXIST');
  assert.equal((await refused('DELETE /oem?Name=Nobody'))[0], 'WS_OEM_DOES_NOT_EXIST');
  assert.equal((await refused('POST /os', { Name: 'Debian', Version: '12' }))[0], 'WS_OS_ALREADY_EXISTS');
  assert.equal((await refused('PUT /os', { Name: 'Debian', Version: '13' }))[0], 'WS_OS_DOES_NOT_EXIST');
  assert.equal((await refused('DELETE /os?Name=Debian&Version=13'))[0], 'WS_OS_DOES_NOT_EXIST');
  const long = 'x'.repeat(128);
  assert.equal((await refused('POST /os', { Name: long, Version: long }))[0], 'SYSTEM_ERROR', 'one vendor together');
});

test('bug 7: what is searched for is plain text in any case; bug 14: each MLE is found once', async (t) => {
  const oat = await started(t);
  await owners(oat);
  const { ok, found } = oat;
  await ok('POST /mles', bios({ Name: '100%_(a+)+$' }));
  await ok('POST /mles', bios({ Name: 'Fab-BIOS' }));
  await ok('POST /mles', vmm());
  assert.deepEqual(await found(), ['BIOS 100%_(a+)+$', 'BIOS Fab-BIOS', 'VMM kvm']);
  assert.deepEqual(await found('DEB'), ['VMM kvm'], 'by its OS');
  assert.deepEqual(await found('fab'), ['BIOS 100%_(a+)+$', 'BIOS Fab-BIOS'], 'by OEM and name, once');
  for (const nothing of ['%25%25', '_v_', '.*', '[k]vm', "'", '%5C'])
    assert.deepEqual(await found(nothing), [], nothing);
  assert.deepEqual(await found('0%25_('), ['BIOS 100%_(a+)+$']);
});

test('bug 15: what others refer to stays', async (t) => {
  const oat = await started(t);
  await owners(oat);
  const { ok, refused } = oat;
  await ok('POST /mles', vmm());
  assert.deepEqual(await refused('DELETE /os?Name=Debian&Version=12'), [
    'WS_OS_ASSOCIATION_EXISTS',
    "OS 'Debian' of version '12' cannot be deleted as it is associated with 1 MLEs.",
  ]);
  await ok('DELETE /mles?mleName=kvm&mleVersion=8&osName=Debian&osVersion=12');
  await ok('DELETE /os?Name=Debian&Version=12');
});

test('bug 16: PUT of an MLE replaces description and white list; without one it has none', async (t) => {
  const oat = await started(t);
  await owners(oat);
  const { ok } = oat;
  const manifest = async () => (await ok(`GET /mles/manifest?${biosQuery}`)) as OatMle;
  const list = (...pcrs: number[]) => pcrs.map((pcr) => ({ Name: `${pcr}`, Value: sha256(`${pcr}`) }));
  await ok('POST /mles', bios({ Description: 'old', MLE_Manifests: list(0, 1) }));
  await ok('PUT /mles', bios({ Description: 'new', Attestation_Type: 'module', MLE_Manifests: list(1, 2) }));
  assert.deepEqual(await manifest(), {
    ...{ Name: 'bios', Version: '1', Attestation_Type: 'MODULE', MLE_Type: 'BIOS', Description: 'new' },
    ...{ OsName: null, OsVersion: null, OemName: 'Fab', MLE_Manifests: list(1, 2) },
  });
  await ok('PUT /mles', bios());
  const { Description, MLE_Manifests } = await manifest();
  assert.deepEqual([Description, MLE_Manifests], [null, []]);
});

test('two MLEs with the same digests are two, and one of them may go', async (t) => {
  const oat = await started(t);
  await owners(oat);
  const { ok, server } = oat;
  const MLE_Manifests = [{ Name: '0', Value: sha256('a') }];
  for (const Version of ['1', '2']) await ok('POST /mles', bios({ Version, MLE_Manifests }));
  await ok(`DELETE /mles?${biosQuery}`);
  const { body } = await server.call('GET', '/v1/reference');
  const { values } = body as { values: { version?: string; state: string }[] };
  assert.deepEqual(
    values.map(({ version, state }) => [version, state]),
    [['2', 'current']],
  );
});

test('what many write at the same time is all there, each once', async (t) => {
  const { ask, ok } = await started(t);
  const many = async (request: string, bodies: object[]) =>
    (await Promise.all(bodies.map((body) => ask(request, body)))).map(({ status }) => status).sort();
  const same = <T>(body: T) => [body, body, body, body];
  assert.deepEqual(await many('POST /oem', same({ Name: 'Fab' })), [200, 400, 400, 400]);
  assert.deepEqual(await many('POST /os', same({ Name: 'Debian', Version: '12' })), [200, 400, 400, 400]);
  assert.deepEqual(await many('POST /mles', same(bios())), [200, 400, 400, 400]);
  const entries = Array.from({ length: 8 }, (_, pcr) => ({
    ...{ mleName: 'bios', mleVersion: '1', oemName: 'Fab' },
    ...{ pcrName: `${pcr}`, pcrDigest: sha256(`${pcr}`) },
  }));
  assert.deepEqual(await many('POST /mles/whitelist/pcr', entries), Array(8).fill(200));
  const { MLE_Manifests } = (await ok(`GET /mles/manifest?${biosQuery}`)) as OatMle;
  assert.deepEqual(
    MLE_Manifests,
    entries.map(({ pcrName, pcrDigest }) => ({ Name: pcrName, Value: pcrDigest })),
  );
  const [left, right] = await Promise.all([ask('DELETE /oem?Name=Fab'), ask(`DELETE /mles?${biosQuery}`)]);
  assert.equal(right.status, 200);
  if (left.status === 400) await ok('DELETE /oem?Name=Fab');
  assert.deepEqual([await ok('GET /oem'), await ok('GET /mles')], [[], []]);
});

test('whatever is sent is answered in OpenAttestation’s shape, 200 or 400, and what is there can be read', async (t) => {
  const { ask, ok } = await started(t);
  const names = ['Name', 'Version', 'OemName', 'OsName', 'OsVersion', 'MLE_Type', 'MLE_Manifests', 'Description'];
  const others = [
    'mleName',
    'mleVersion',
    'oemName',
    'osName',
    'osVersion',
    'pcrName',
    'pcrDigest',
    'hostName',
    'mleData',
  ];
  const likely = fc.constantFrom(
    'a',
    'b',
    'BIOS',
    'VMM',
    '0',
    '7',
    sha256('a'),
    [{ Name: '0', Value: sha256('b') }],
    null,
  );
  const value = fc.oneof(
    { weight: 6, arbitrary: likely },
    fc.string({ unit: 'grapheme' }),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const told = fc.dictionary(fc.constantFrom(...names, ...others), value, { minKeys: 2 });
  const paths = ['oem', 'os', 'mles', 'mles/manifest', 'mles/whitelist/pcr', 'mles/source'];
  const request = fc.tuple(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'), fc.constantFrom(...paths), told);
  await fc.assert(
    fc.asyncProperty(request, async ([method, path, body]) => {
      const asked = ['GET', 'DELETE'].includes(method);
      const text = (one: unknown) => encodeURIComponent(typeof one === 'string' ? one.toWellFormed() : String(one));
      const query = Object.entries(body).map(([name, one]) => `${name}=${text(one)}`);
      const answer = await ask(`${method} /${path}${asked ? `?${query.join('&')}` : ''}`, asked ? undefined : body);
      if (method !== 'GET' && path === 'mles/manifest') return assert.equal(answer.status, 405);
      if (method === 'GET' && path === 'mles/whitelist/pcr') return assert.equal(answer.status, 405);
      assert.ok([200, 400].includes(answer.status), `${method} ${path} ${JSON.stringify(body)}: ${answer.body}`);
      if (answer.status === 400) assert.match(answer.body, /^\{"error_code":"[A-Z_]+","error_message":"/);
    }),
    { numRuns: 150 },
  );
  for (const mle of (await ok('GET /mles')) as OatMle[])
    assert.ok(mle.Name && mle.Version && (mle.OemName || mle.OsName));
});

test('the host a white list came from is noted', async (t) => {
  const oat = await started(t);
  await owners(oat);
  const { ok, refused } = oat;
  await ok('POST /mles', bios());
  const source = (hostName: string) => ({ hostName, mleData: bios() });
  assert.equal(await ok(`GET /mles/source?${biosQuery}`), 'Manually configured white list');
  assert.equal((await refused('PUT /mles/source', source('node1')))[0], 'WS_MLE_SOURCE_MAPPING_DOES_NOT_EXIST');
  await ok('POST /mles/source', source('node1'));
  assert.equal((await refused('POST /mles/source', source('node2')))[0], 'WS_MLE_SOURCE_MAPPING_ALREADY_EXISTS');
  await ok('PUT /mles/source', source('node2'));
  await ok('PUT /mles', bios({ Description: 'x' }));
  assert.equal(await ok(`GET /mles/source?${biosQuery}`), 'node2', 'also after the MLE was edited');
  await ok(`DELETE /mles/source?${biosQuery}`);
  assert.equal((await refused(`DELETE /mles/source?${biosQuery}`))[0], 'WS_MLE_SOURCE_MAPPING_DOES_NOT_EXIST');
  assert.equal((await refused('POST /mles/source', { hostName: 'a' }))[0], 'WS_MLE_DATA_MISSING');
});

test('what a golden host taught is an MLE, with the PCRs its events replay to and nobody else measures into', async (t) => {
  const { server, ok, refused, found } = await started(t);
  const named = { vendor: 'Fab Inc', name: 'board', version: 'F7' };
  const taught = (component: string, said: object) =>
    valuesOf('a', said).filter((value: NewReferenceValue) => value.component === component);
  const values = [
    ...taught('firmware', named),
    ...taught('hypervisor', { vendor: 'Debian 12', name: 'linux', version: '6.1' }),
    ...taught('boot_loader', named),
    ...taught('operating_system', { name: 'initrd', version: '1' }),
  ];
  await server.call('POST', '/v1/reference', { values });
  assert.deepEqual(await found(), ['BIOS board', 'VMM linux']);
  assert.deepEqual(await ok('GET /oem'), [{ Name: 'Fab Inc', Description: null }]);
  assert.deepEqual(await ok('GET /os'), [{ Name: 'Debian', Version: '12', Description: null }]);
  const query = 'mleName=board&mleVersion=F7&oemName=Fab%20Inc';
  const shown = (await ok(`GET /mles/manifest?${query}`)) as OatMle;
  assert.deepEqual(
    shown.MLE_Manifests?.map(({ Name }) => Name),
    ['1', '2', '3', '5', '6', '7'],
  );
  assert.equal(await ok(`GET /mles/source?${query}`), 'golden-a');
  const kernel = 'mleName=linux&mleVersion=6.1&osName=Debian&osVersion=12';
  assert.deepEqual(((await ok(`GET /mles/manifest?${kernel}`)) as OatMle).MLE_Manifests, [], 'all its PCRs are shared');
  assert.equal((await refused('DELETE /oem?Name=Fab+Inc'))[0], 'WS_OEM_ASSOCIATION_EXISTS');

  const { parseEventLog, replay } = await import('@assay/measurement');
  const { corpusLog } = await import('@assay/measurement/testing');
  const truth = replay(parseEventLog(corpusLog('ovmf-linux-6.1')).events, 'sha256');
  for (const { Name, Value } of shown.MLE_Manifests ?? [])
    assert.equal(
      Value,
      Buffer.from(truth.get(Number(Name)) ?? [])
        .toString('hex')
        .toUpperCase(),
      `PCR ${Name}`,
    );

  const zero = { pcrName: '0', pcrDigest: sha256('a'), mleName: 'board', mleVersion: 'F7', oemName: 'Fab Inc' };
  await ok('POST /mles/whitelist/pcr', zero);
  assert.deepEqual(
    ((await ok(`GET /mles/manifest?${query}`)) as OatMle).MLE_Manifests,
    [{ Name: '0', Value: sha256('A') }],
    'a white list is all of it',
  );
  await ok(`DELETE /mles?${query}`);
  assert.deepEqual(await found(), ['VMM linux']);
});

test('what was learnt without a vendor is found without an owner', async (t) => {
  const { server, ok } = await started(t);
  await server.call('POST', '/v1/reference', { values: valuesOf('a', { name: 'board', version: 'F7' }) });
  const { OemName, MLE_Manifests } = (await ok('GET /mles/manifest?mleName=board&mleVersion=F7')) as OatMle;
  assert.deepEqual([OemName, MLE_Manifests?.length], [null, 6]);
});
