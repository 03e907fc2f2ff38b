import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf } from '../../evidence/testing/world.ts';
import { testTerminal } from '../../operator/testing/terminal.ts';
import { generationB } from '../testing/generation-b.ts';
import { emptyStock, generationC } from '../testing/generation-c.ts';
import { bios, host, imported, pcr0, sha1, sha256, stocked, target } from '../testing/importing.ts';
import { startOldServer } from '../testing/old-server.ts';
import { importOat } from './command.ts';

test('all of it is moved, and moved again nothing is', async (t) => {
  const old = await startOldServer(t, generationC(stocked()));
  const stock = emptyStock();
  const to = await target(t, stock);
  const names = [
    'OEM Fabrikam',
    'OS Debian 12',
    'MLE fab-bios 2.7 (Fabrikam)',
    'MLE fab-bios 2.6 (Fabrikam)',
    'MLE kvm 8.2 (Debian 12)',
    'host kvm01.lab',
    'host kvm02.lab',
  ];
  const all = (outcome: string) => Object.fromEntries(names.map((name) => [name, outcome]));

  const tried = await imported(t, old, to, { dryRun: true });
  assert.deepEqual([tried.whole, tried.outcomes, stock], [true, all('would move'), emptyStock()]);
  const first = await imported(t, old, to, { because: 'we move' });
  assert.deepEqual([first.whole, first.outcomes], [true, all('moved')]);
  assert.match(first.why('fab-bios 2.6 (Fabrikam)'), /SHA-1 in PCR 0 never matches: learn these hosts again/);
  assert.deepEqual(
    ['fab-bios 2.7 (Fabrikam)', 'kvm 8.2 (Debian 12)', 'kvm01.lab'].map((name) => first.why(name)),
    ['', '', ''],
  );
  assert.match(
    first.why('kvm02.lab'),
    /not trusted by what is moved alone, learn it again: fab-bios 2\.6 \(Fabrikam\)$/,
  );
  assert.deepEqual(
    stock.mles.map(({ manifests }) => manifests),
    stocked().mles.map(({ manifests }) => manifests),
  );
  const second = await imported(t, old, to);
  assert.deepEqual([second.whole, second.outcomes], [true, all('there already')]);
  assert.ok(
    old.asked.every(({ method }) => method === 'GET'),
    'the old server is only read',
  );
});

test('what differs stays as it is there, and is told; what cannot be meant is refused with all that hangs on it', async (t) => {
  const was = stocked();
  was.mles.push(
    bios('3.0', [{ Name: '0', Value: '@'.repeat(40) }]),
    bios('3.1', [
      { Name: '0', Value: pcr0 },
      { Name: '00', Value: pcr0 },
    ]),
  );
  was.mles.push({ ...bios('4.0', []), row: { ...bios('4.0', []).row, OemName: 'Gone' } });
  was.hosts.push(host('kvm03.lab', '192.0.2.13', { BIOS_Version: '3.0' }));
  was.hosts.push(host('kvm04.lab', '192.0.2.14', { AddOn_Connection_String: 'vmware:https://vc;root;pa55word' }));
  const old = await startOldServer(t, generationC(was));
  const is = stocked();
  is.oems[0] = { Name: 'Fabrikam', Description: 'ours' };
  is.mles[0] = bios('2.7', [
    { Name: '0', Value: sha1 },
    { Name: '4', Value: sha256() },
  ]);
  is.hosts = [host('KVM01.lab', '192.0.2.99')];
  const before = structuredClone(is);
  const { whole, outcomes, why } = await imported(t, old, await target(t, is));
  assert.equal(whole, false);
  assert.deepEqual(outcomes, {
    'OEM Fabrikam': 'there already',
    'OS Debian 12': 'there already',
    'MLE fab-bios 2.7 (Fabrikam)': 'conflict',
    'MLE fab-bios 2.6 (Fabrikam)': 'there already',
    'MLE fab-bios 3.0 (Fabrikam)': 'refused',
    'MLE fab-bios 3.1 (Fabrikam)': 'refused',
    'MLE fab-bios 4.0 (Gone)': 'refused',
    'MLE kvm 8.2 (Debian 12)': 'there already',
    'host kvm01.lab': 'conflict',
    'host kvm02.lab': 'moved',
    'host kvm03.lab': 'refused',
    'host kvm04.lab': 'moved',
  });
  assert.match(
    why('fab-bios 2.7 (Fabrikam)'),
    /^PCR 0 is 3a1f.* here, .* there; PCR 1 is not listed here, .* there; .*PCR 4 is .* here, .* there; /,
  );
  assert.match(why('fab-bios 3.0 (Fabrikam)'), /"@+", which is no digest/);
  assert.match(why('kvm01.lab'), /IPAddress is 192\.0\.2\.99 here, 192\.0\.2\.11 there/);
  assert.match(why('kvm04.lab'), /password/);
  assert.deepEqual([is.oems, is.mles], [before.oems, before.mles]);
  assert.equal(is.hosts.at(-1)?.['AddOn_Connection_String'], undefined);
});

test('of a server of 1.5 to 1.7 texts null are absent, and white lists come with the list', async (t) => {
  const old = await startOldServer(
    t,
    generationB({ oems: [{ Name: 'Fabrikam', Description: 'x' }], registered: ['node1'] }),
  );
  const { outcomes } = await imported(t, old, await target(t, emptyStock()));
  assert.deepEqual(outcomes, {
    'OEM Fabrikam': 'moved',
    'OS Debian 6': 'moved',
    'MLE fab-bios 2.7 (Fabrikam)': 'refused',
    'host node1': 'refused',
  });
});

test('a hostile old server moves nothing it should not, and its names do nothing to a terminal', async (t) => {
  const evil = '\u001b]0;owned\u0007\u202eoem';
  const answers: Record<string, unknown> = {
    '/WLMService/resources/oem': [{ Name: evil }, { Name: 'x'.repeat(2_000) }, { Name: { a: 1 } }, null, 7],
    '/WLMService/resources/os': null,
    '/WLMService/resources/mles': [{ Name: 'm', Version: '1', MLE_Type: 'BIOS', OemName: evil }],
    '/WLMService/resources/mles/manifest': {
      Name: 'another',
      Version: '1',
      MLE_Type: 'BIOS',
      OemName: evil,
      MLE_Manifests: [],
    },
    '/AttestationService/resources/hosts': [
      { HostName: '../../etc/passwd', BIOS_Name: 'm', BIOS_Version: '1', BIOS_Oem: 'x' },
    ],
  };
  const old = await startOldServer(t, ({ path }) => ({ status: 200, body: JSON.stringify(answers[path]) }));
  const out = testTerminal();
  const to = await target(t, emptyStock());
  const access = { server: to.url, caFile: to.caFile, authBlobFile: fileOf(t, to.blob) };
  assert.equal(await importOat({ url: old.url, oldCaFile: old.caFile, ...access }, out), false);
  const text = out.printed.join('\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  assert.match(text, /\\u\{1b\}/);
  assert.match(text, /1 moved/);
  assert.match(text, /6 refused/);
});

test('a list without end, a server without lists, or one that asks for a secret ends the import with a reason', async (t) => {
  const to = await target(t, emptyStock());
  const endless = await startOldServer(t, () => ({ status: 200, body: JSON.stringify(Array(10_001).fill({})) }));
  await assert.rejects(imported(t, endless, to), { code: 'oat-answer' });
  const none = await startOldServer(t, () => ({ status: 404, body: '<html>' }));
  await assert.rejects(imported(t, none, to), { code: 'oat-answer', hint: /assay host register/ });
  const closed = await startOldServer(t, () => ({ status: 401, body: '{}' }));
  await assert.rejects(imported(t, closed, to), { code: 'oat-answer', hint: /--old-auth-blob-file/ });
  const stranger = await startOldServer(t, generationC(stocked()), { san: 'DNS:elsewhere.example' });
  await assert.rejects(imported(t, stranger, to), { code: 'oat-tls', hint: /--fetch-certificate/ });
  assert.deepEqual(stranger.asked, []);
});

test('a white list that leaves out PCRs its component measures in is moved, and said not to be enough', async (t) => {
  const was = stocked();
  was.mles.push(bios('5.0', [{ Name: '0', Value: pcr0 }]), bios('5.1', []));
  const { why, whole } = await imported(t, await startOldServer(t, generationC(was)), await target(t, emptyStock()));
  assert.equal(whole, true);
  assert.match(why('fab-bios 5.0 (Fabrikam)'), /^without PCR 1, 2, 3, 4, 5, 6, 7 it is not enough/);
  assert.match(why('fab-bios 5.1 (Fabrikam)'), /^it has no white list/);
});
