import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPool, startTestServer } from '@assay/attestation/testing';
import { fileOf } from '../../evidence/testing/world.ts';
import { testTerminal } from '../../operator/testing/terminal.ts';
import { generationA } from '../testing/generation-a.ts';
import { generationB } from '../testing/generation-b.ts';
import { emptyStock, generationC, type Stock } from '../testing/generation-c.ts';
import { type Handler, type OldServer, startOldServer } from '../testing/old-server.ts';
import type { Effect, Finding } from './check.ts';
import { type CompatOptions, compatOat } from './command.ts';
import { lifeOf } from './life.ts';
import { thingsOf } from './life-things.ts';
import { readChecks } from './run.ts';

type Tried = { effects: Record<string, Effect>; of(check: string): Finding; matters: boolean; notes: string[] };

async function tried(
  server: Pick<OldServer, 'url' | 'caFile' | 'plainPort'>,
  more: Partial<CompatOptions> = {},
): Promise<Tried> {
  const out = testTerminal();
  const { url, caFile, plainPort } = server;
  const matters = await compatOat({ url, caFile, plainPort: plainPort || 1, json: true, ...more }, out);
  const { findings } = out.json[0] as { findings: Finding[] };
  const byName = new Map(findings.map((finding) => [finding.check, finding]));
  return {
    effects: Object.fromEntries(findings.map(({ check, effect }) => [check, effect])),
    of(check) {
      const found = byName.get(check);
      assert.ok(found, `${check} among ${[...byName.keys()].join(' ')}`);
      return found;
    },
    matters,
    notes: out.notes,
  };
}

/** Of these checks, what came of each. */
const some = (effects: Record<string, Effect>, expected: Record<string, Effect>) =>
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, effects[name]])), expected);

const stocked = (): Stock => ({
  oems: [{ Name: 'Fabrikam', Description: 'rack vendor' }],
  oses: [{ Name: 'Debian', Version: '12', Description: '' }],
  mles: [
    {
      row: {
        Name: 'fab-bios',
        Version: '2.7',
        OemName: 'Fabrikam',
        OsName: null,
        OsVersion: null,
        Attestation_Type: 'PCR',
        MLE_Type: 'BIOS',
        Description: '',
      },
      manifests: [{ Name: '0', Value: '3A1F0C5577AB00E2D4C9135E6688F0B1C2D3E4F5' }],
    },
    {
      row: {
        Name: 'kvm',
        Version: '8.2',
        OemName: null,
        OsName: 'Debian',
        OsVersion: '12',
        Attestation_Type: 'PCR',
        MLE_Type: 'VMM',
        Description: '',
      },
      manifests: [],
    },
  ],
  hosts: [
    {
      HostName: 'kvm01.lab',
      IPAddress: '192.0.2.11',
      Port: '9999',
      BIOS_Name: 'fab-bios',
      BIOS_Version: '2.7',
      BIOS_Oem: 'Fabrikam',
      VMM_Name: 'kvm',
      VMM_Version: '8.2',
      VMM_OSName: 'Debian',
      VMM_OSVersion: '12',
    },
  ],
  trust: { 'kvm01.lab': 'trusted' },
});

test('a server before 1.5: the count that has to be right, the fault with its exception, nothing to write to', async (t) => {
  const { effects, matters, of } = await tried(await startOldServer(t, generationA({})));
  some(effects, {
    ...{ 'base-path': 'no matter', 'base-path-old': 'fine', put: 'breaks', 'hosts-text': 'breaks' },
    ...{ 'count-absent': 'breaks', 'count-wrong': 'breaks', 'name-ipv6': 'fine', vtime: 'fine', order: 'fine' },
    ...{ 'secret-missing': 'less safe', 'secret-wrong': 'less safe', 'body-no-json': 'less safe' },
    ...{ 'oem-list': 'breaks', trust: undefined as never },
  });
  assert.match(of('base-path').because ?? '', /OpenAttestationWebServices\/V1\.0/);
  assert.equal(matters, true);
});

test('a server of 1.5 to 1.7: odd names fail the whole poll, codes are numbers, True is not true, searches are patterns', async (t) => {
  const oems: { Name: string; Description: string }[] = [];
  const server = await startOldServer(t, generationB({ oems, registered: ['node1'] }));
  const { effects, of } = await tried(server, { write: true });
  some(effects, {
    ...{
      'base-path': 'fine',
      'base-path-old': 'no matter',
      put: 'breaks',
      'hosts-text': 'breaks',
      'count-absent': 'fine',
    },
    ...{
      'name-long': 'breaks',
      'name-ipv6': 'breaks',
      'name-pattern': 'fine',
      'nobody-unknown': 'fine',
      'trust-levels': 'less safe',
    },
    ...{
      'mle-list': 'no matter',
      'mle-absent': 'breaks',
      'search-mle-pattern': 'less safe',
      'white-list-digests': 'less safe',
    },
    ...{
      'analysis-types': 'less safe',
      trust: 'no matter',
      'life-secret': 'less safe',
      'life-oem': 'breaks',
      'life-oem-again': 'breaks',
    },
  });
  assert.match(of('life-oem').got, /True/);
  assert.match(of('trust-levels').got, /timeout/);
  assert.deepEqual(oems, [], 'what was written is gone');
});

test('a server of the first 1.5 is asked by PUT, for it knows no POST', async (t) => {
  const { effects } = await tried(await startOldServer(t, generationB({ oems: [], registered: [], early: true })));
  some(effects, { 'base-path': 'no matter', put: 'fine', 'every-host': 'fine' });
});

test('a server of OAT 2: no secret, plain HTTP, patterns, SHA-1, VMMs twice; what else it does is as expected', async (t) => {
  const stock = stocked();
  const server = await startOldServer(t, generationC(stock), { plain: true });
  const { effects, matters } = await tried(server, { write: true });
  some(effects, {
    ...{
      'base-path': 'fine',
      'base-path-old': 'no matter',
      put: 'breaks',
      'hosts-text': 'fine',
      'unknown-fields': 'no matter',
    },
    ...{
      'plain-http': 'less safe',
      'secret-missing': 'less safe',
      'secret-hosts': 'less safe',
      vtime: 'fine',
      order: 'fine',
    },
    ...{
      'search-mle-pattern': 'less safe',
      'search-host-pattern': 'less safe',
      'mle-once': 'no matter',
      'query-spaces': 'breaks',
    },
    ...{
      'white-list-digests': 'less safe',
      'error-inside': 'less safe',
      trust: 'fine',
      'report-trust': 'fine',
      'report-pcrs': 'fine',
    },
    ...{
      'life-secret': 'less safe',
      'life-oem': 'fine',
      'life-mle-shown': 'fine',
      'life-digest-junk': 'less safe',
      'life-host': 'fine',
    },
    ...{ 'life-host-trust': 'fine', 'life-mle-in-use': 'fine', 'life-oem-gone': 'fine' },
  });
  assert.equal(matters, true);
  assert.deepEqual(stock, stocked(), 'what was there is as it was');
});

test('a server of OAT 2 that asks the host first registers none that does not answer, and that is told apart', async (t) => {
  const server = await startOldServer(t, generationC(emptyStock(), { agents: false }));
  const { of, effects } = await tried(server, { write: true });
  assert.equal(of('life-host').effect, 'no matter');
  assert.equal(effects['life-host-again'], undefined);
});

test('nothing is written without --write', async (t) => {
  const server = await startOldServer(t, generationC(stocked()));
  await tried(server);
  const writes = server.asked.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/PollHosts'));
  assert.deepEqual(writes, []);
});

test('what was written is removed although the server stops to answer in between, and what is left is named', async (t) => {
  const stock = emptyStock();
  const honest = generationC(stock);
  let broken = false;
  const server = await startOldServer(t, (asked) => {
    if (asked.path.endsWith('/mles/whitelist/pcr')) broken = true;
    const isOem = asked.path.endsWith('/oem');
    return broken && isOem && asked.method === 'DELETE'
      ? { status: 500, body: 'java.lang.OutOfMemoryError' }
      : honest(asked);
  });
  const { of } = await tried(server, { write: true });
  assert.deepEqual([stock.oses, stock.mles, stock.hosts], [[], [], []]);
  assert.match(of('life-removed').got, /^\/WLMService\/resources\/oem\?Name=assay-compat-[0-9a-f]{8}$/);
});

test('stopped by a signal, it removes what it has written', async (t) => {
  const stock = emptyStock();
  const honest = generationC(stock);
  const server = await startOldServer(t, (asked) => {
    if (asked.method === 'POST' && asked.path.endsWith('/mles')) process.emit('SIGINT');
    return honest(asked);
  });
  const { notes, matters, effects } = await tried(server, { write: true });
  assert.equal(matters, true);
  assert.match(notes.join('\n'), /stopped before the end/);
  assert.equal(effects['life-oem-delete'], undefined);
  assert.deepEqual(stock, emptyStock());
});

const answering = (poll: (names: readonly string[]) => unknown): Handler => {
  const rest = generationC(emptyStock());
  return (asked) => {
    if (!asked.path.endsWith('/PollHosts')) return rest(asked);
    const { hosts } = JSON.parse(asked.body.startsWith('{') ? asked.body : '{}') as { hosts?: string[] };
    const names = Array.isArray(hosts) ? hosts : [];
    return { status: 200, type: 'application/json', body: JSON.stringify(poll(names)) };
  };
};
const soon = () => new Date().toISOString();

test('T23 answers that crash or deceive the stock filter are found for what they are', async (t) => {
  const entry = (host_name: string, more = {}) => ({ host_name, trust_lvl: 'unknown', vtime: soon(), ...more });
  const cases: [string, (names: readonly string[]) => unknown, Record<string, Effect>][] = [
    [
      'levels in another case',
      (names) => ({ hosts: names.map((name) => entry(name, { trust_lvl: 'Trusted' })) }),
      { 'trust-levels': 'breaks' },
    ],
    [
      'vtime as a number',
      (names) => ({ hosts: names.map((name) => entry(name, { vtime: 1_452_774_050 })) }),
      { 'every-host': 'breaks', vtime: 'breaks' },
    ],
    [
      'ahead',
      (names) => ({ hosts: names.map((name) => entry(name, { vtime: '2126-01-01T00:00:00Z' })) }),
      { vtime: 'less safe' },
    ],
    [
      'another case',
      (names) => ({ hosts: names.map((name) => entry(name.toLowerCase())) }),
      { order: 'breaks', 'every-host': 'breaks' },
    ],
    [
      'another order',
      (names) => ({ hosts: names.map((name) => entry(name)).reverse() }),
      { order: 'no matter', 'every-host': 'fine' },
    ],
    [
      'everybody trusted',
      (names) => ({ hosts: names.map((name) => entry(name, { trust_lvl: 'trusted' })) }),
      { 'nobody-unknown': 'less safe' },
    ],
    [
      'only who is known',
      (names) => ({ hosts: names.slice(0, 1).map((name) => entry(name)) }),
      { 'every-host': 'breaks' },
    ],
    [
      'null',
      (names) => (names.length === 0 ? { hosts: {} } : { hosts: names.map((name) => entry(name)) }),
      { 'hosts-empty': 'breaks', 'hosts-absent': 'breaks' },
    ],
  ];
  for (const [what, poll, expected] of cases) {
    const { effects } = await tried(await startOldServer(t, answering(poll)));
    assert.deepEqual([what, Object.keys(expected).map((name) => effects[name])], [what, Object.values(expected)]);
  }
});

test('a server that is none of OpenAttestation, or asks for a secret, is said to be that', async (t) => {
  const nothing = await startOldServer(t, () => ({ status: 404, body: '' }));
  await assert.rejects(tried(nothing), { code: 'oat-no-poll-hosts' });
  const ours = await startTestServer(t);
  await assert.rejects(tried({ ...ours, plainPort: 0 }), { code: 'oat-refused' });
});

test('a server that requires client certificates is said to be of no use to the stock filter', async (t) => {
  const server = await startOldServer(t, generationC(emptyStock()), { tls: { requestCert: true } });
  await assert.rejects(tried(server), { code: 'oat-client-certificate', hint: /Nova’s filter/ });
});

test('to a server whose certificate no CA vouches for, or under another name, nothing is sent', async (t) => {
  const server = await startOldServer(t, generationC(emptyStock()), { san: 'DNS:elsewhere.example' });
  const { of, matters, notes } = await tried(server);
  assert.equal(of('certificate-name').effect, 'breaks');
  assert.equal(matters, true);
  assert.match(notes[0] ?? '', /nothing is sent/);
  const other = await tried({ ...server, caFile: (await startTestServer(t)).caFile });
  assert.deepEqual([other.matters, server.asked], [true, []]);
  const first = await tried({ ...server, caFile: undefined as never }, { fetchCertificate: true });
  assert.equal(first.of('certificate-name').effect, 'breaks');
  assert.equal(first.of('every-host').effect, 'fine');
  assert.match(first.of('certificate-chain').got, /SHA-256 ([0-9A-F]{2}:){31}/);
});

test('TLS 1.0 and ciphers without a certificate are found; a server that has nothing else wants --old-tls', async (t) => {
  const weak = { minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'ALL:aNULL:@SECLEVEL=0' } as const;
  const server = await startOldServer(t, generationC(emptyStock()), { tls: weak });
  some((await tried(server)).effects, { 'tls-version': 'fine', 'tls-old': 'less safe', 'tls-anonymous': 'less safe' });
  const old = await startOldServer(t, generationC(emptyStock()), {
    tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' },
  });
  await assert.rejects(tried(old), { code: 'oat-tls', hint: /--old-tls/ });
  some((await tried(old, { oldTls: true })).effects, { 'tls-version': 'breaks', 'every-host': 'fine' });
});

test('T23 our own server breaks nothing and is safe, and what was written is gone', async (t) => {
  const ours = await startTestServer(t);
  const post = async (path: string, body: unknown) => assert.equal((await ours.call('POST', path, body)).body, true);
  const { oems, oses, mles, hosts } = stocked();
  for (const oem of oems) await post('/WLMService/resources/oem', oem);
  for (const os of oses) await post('/WLMService/resources/os', os);
  const digest = (Value: string) => Value + Value.slice(0, 24); // SHA-256 by its length
  for (const { row, manifests } of mles) {
    const MLE_Manifests = (manifests.length > 0 ? manifests : [{ Name: '17', Value: 'A'.repeat(40) }]).map((one) => ({
      ...one,
      Value: digest(one.Value),
    }));
    await post('/WLMService/resources/mles', { ...row, MLE_Manifests });
  }
  for (const host of hosts) await post('/AttestationService/resources/hosts', host);

  const { effects, of } = await tried({ ...ours, plainPort: 0 }, { authBlobFile: fileOf(t, ours.blob), write: true });
  const wrong = Object.keys(effects).filter((name) => effects[name] !== 'fine');
  assert.deepEqual(
    wrong.map((name) => of(name)),
    [],
  );
  const names = [...readChecks, ...lifeOf(thingsOf('assay-compat-x'))].map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => !(name in effects)),
    [],
    'all of it was tried',
  );
  for (const path of ['/v1/hosts', '/v1/reference', '/WLMService/resources/oem', '/WLMService/resources/os'])
    assert.doesNotMatch(JSON.stringify((await ours.call('GET', path)).body), /assay-compat/i, path);
});

test('T23 of a host that is trusted our server tells nothing else', async (t) => {
  const { server: ours } = await startPool(t);
  const { effects, of } = await tried(
    { ...ours, plainPort: 0 },
    { authBlobFile: fileOf(t, ours.blob), host: ['node1'] },
  );
  const wrong = Object.keys(effects).filter((name) => effects[name] !== 'fine');
  assert.deepEqual(
    wrong.map((name) => of(name)),
    [],
  );
  assert.match(of('trust').got, /"bios":true,"vmm":true/);
  assert.equal(of('report-trust').effect, 'fine');
});
