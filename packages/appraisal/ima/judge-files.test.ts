// Files of IMA's list against allow lists and signatures, over rounds of one host. The list is proven: what it says is what was measured.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { bootAggregateOf, parseEventLog } from '@assay/measurement';
import { buildIma, honestIma, type ImaWish, imaPcrValue } from '@assay/measurement/testing';
import type { PolicyDocument, ReferenceFile, ReferenceValue } from '@assay/protocol';
import fc from 'fast-check';
import { defaultPcrs } from '../policy/policy.ts';
import { KnownGood } from '../reference/known-good.ts';
import { issueCertificate, judgedEarlier, pcrValuesOf, pemOf, scene, testPolicy } from '../testing/index.ts';
import { type EvidenceState, verifyEvidence } from '../verify-evidence.ts';
import { signersOf } from './file-signature.ts';
import type { FilesState } from './files-state.ts';
import { judgeFiles, wantsEarlierFiles } from './judge-files.ts';
import { measuredFiles } from './measured-files.ts';
import { imaOffset } from './progress.ts';

const host = scene(undefined, defaultPcrs);
const boot = pcrValuesOf(parseEventLog(host.log), [{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);
const aggregate = bootAggregateOf(boot.sha256 ?? new Map(), 'sha256');
const list = honestIma('ima-ng', 4, aggregate);
const more: ImaWish[] = [{ path: '/usr/bin/late-1' }, { path: '/usr/bin/late-2' }];

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
/** As these lists have them: a file holds its own path. */
const allow = (wishes: readonly ImaWish[]): ReferenceFile[] =>
  wishes.flatMap(({ path = '' }) => (path === 'boot_aggregate' ? [] : [{ path, digests: { sha256: sha256(path) } }]));
const idOf = (files: ReferenceFile[]) => sha256(JSON.stringify(files));
const value = (name: string, files: ReferenceFile[], changes: Partial<ReferenceValue> = {}): ReferenceValue => ({
  id: idOf(files),
  component: 'operating_system',
  name,
  content: { form: 'files', files },
  state: 'current',
  source: { kind: 'tree', name: '/' },
  by: 'test',
  added_at: '2026-01-01T00:00:00.000Z',
  ...changes,
});
const { values } = host.input().knownGood;
const knownWith = (...lists: ReferenceValue[]) => new KnownGood([...values, ...lists], 2);
const everything = knownWith(value('list', allow([...list, ...more])));

type Ima = NonNullable<PolicyDocument['ima']>;
const policyOf = (ima: Partial<Ima> = {}) => testPolicy({ ima: { files: 'known-good', ...ima } });

type Given = {
  knownGood?: KnownGood;
  ima?: Partial<Ima>;
  files?: FilesState | undefined;
  state?: EvidenceState | undefined;
  earlier?: { offset: number; bytes: Uint8Array }[];
  goesOn?: true;
  pcr10?: Uint8Array;
  offset?: number;
};

/** One round with a list of these entries. */
function round(sent: readonly ImaWish[], given: Given = {}) {
  const asked = imaOffset(given.state?.ima, defaultPcrs);
  const { knownGood = everything, offset = asked } = given;
  const pcrs = new Map([[10, given.pcr10 ?? imaPcrValue(sent, 'sha256')]]);
  const input = host.input({ pcrs, imaLog: { offset, data: buildIma(sent).subarray(offset) } });
  const { ima_log } = input.evidence;
  const evidence =
    ima_log && given.goesOn ? { ...input.evidence, ima_log: { ...ima_log, more: true } } : input.evidence;
  const policy = policyOf(given.ima);
  const asSent = { ...input, evidence, previous: given.state, imaAsked: asked };
  const verification = verifyEvidence(asSent);
  const rules = { policy, knownGood, verification, now: input.now };
  const wants = wantsEarlierFiles(given.files, rules);
  const previousFiles = wants ? judgedEarlier(rules, given.earlier ?? []) : given.files;
  const appraisal = host.appraise({}, { ...asSent, policy, knownGood, previousFiles });
  const counting = appraisal.verdict.findings.filter(({ allowed }) => !allowed);
  return {
    ...appraisal,
    part: verification.authentic ? verification.imaPart : undefined,
    wants,
    findings: counting,
    codes: counting.map(({ code }) => code),
  };
}
type Round = ReturnType<typeof round>;

const trusted = (result: Round) => {
  assert.deepEqual(result.codes, []);
  assert.equal(result.verdict.trust, 'trusted');
  return result;
};
const refused = (result: Round, ...codes: string[]) => {
  assert.deepEqual(result.codes, codes);
  assert.notEqual(result.verdict.trust, 'trusted');
  return result;
};
const reason = (result: Round) => result.verdict.components[3]?.reason ?? '';

test('a host is trusted whose files all stand in an allow list, with path and digest', () => {
  const result = trusted(round(list));
  assert.match(reason(result), /IMA list of 5 entries proven: 4 files in allow lists$/);
  assert.deepEqual(result.files?.counts, { listed: 4, signed: 0, excluded: 0, bad: 0 });
  const id = idOf(allow([...list, ...more]));
  assert.deepEqual(result.files?.values, [id]);
  assert.ok(result.verdict.components[3]?.values?.includes(id), 'the operating system is good by it');
});

test('a binary that was changed, and one nobody knows, are named by path, entry and digest', () => {
  const evil: ImaWish = { path: '/usr/bin/program-1', digest: Buffer.from(sha256('evil'), 'hex') };
  const changed = refused(round([...list, evil]), 'ima-file-changed');
  assert.equal(changed.verdict.trust, 'untrusted');
  assert.equal(changed.verdict.components[3]?.trust, 'untrusted');
  assert.ok(changed.verdict.components[3]?.values?.includes(idOf(allow([...list, ...more]))), 'its other files are');
  assert.deepEqual(JSON.parse(JSON.stringify(changed.files)), changed.files, 'plain JSON');
  const [finding] = changed.findings;
  assert.equal(finding?.entry, 5);
  assert.match(finding?.message ?? '', /^operating system: IMA entry 5 \(\/usr\/bin\/program-1\)/);
  assert.equal(finding?.seen, `sha256 ${sha256('evil')}`);
  assert.equal(finding?.expected, `sha256 ${sha256('/usr/bin/program-1')} (list)`);
  const unknown = refused(round([...list, { path: '/tmp/evil' }]), 'ima-file-unknown');
  assert.match(unknown.findings[0]?.message ?? '', /IMA entry 5 \(\/tmp\/evil\)/);
});

test('I05 the digest of a good file under another path is not good, and says as what it is known', () => {
  const moved: ImaWish = { path: '/tmp/x', digest: Buffer.from(sha256('/usr/bin/program-1'), 'hex') };
  const { findings } = refused(round([...list, moved]), 'ima-file-unknown');
  assert.match(findings[0]?.expected ?? '', /it as \/usr\/bin\/program-1, of list/);
});

test('a file under another path is said to be known as what is good, before what was retired', () => {
  const moved: ImaWish = { path: '/tmp/x', digest: Buffer.from(sha256('/usr/bin/program-1'), 'hex') };
  const files = allow(list);
  const older = [...files, { path: '/w', digests: {} }];
  const old = value('old', older, { state: 'retired', retired_because: 'CVE' });
  const early = value('soon', [...files, { path: '/y', digests: {} }], { from: '2100-01-01T00:00:00.000Z' });
  const now = value('list', [...files, { path: '/z', digests: {} }]);
  const expected = (...lists: ReferenceValue[]) =>
    round([...list, moved], { knownGood: knownWith(...lists) }).findings.find(({ entry }) => entry === 5)?.expected;
  assert.equal(expected(old, now), 'it as /usr/bin/program-1, of list');
  assert.match(
    expected(old) ?? '',
    /^a path of an allow list \(known as \/usr\/bin\/program-1, of old, retired because “CVE”\)$/,
  );
  assert.match(expected(early) ?? '', /\(known as \/usr\/bin\/program-1, of soon, good from 2100/);
});

test('without ima.files nothing is judged, and the verdict says so', () => {
  const input = host.input({
    pcrs: new Map([[10, imaPcrValue(list, 'sha256')]]),
    imaLog: { offset: 0, data: buildIma(list) },
  });
  const { verdict, files } = host.appraise({}, { ...input, policy: testPolicy() });
  assert.equal(verdict.trust, 'trusted');
  assert.equal(files, undefined);
  assert.match(verdict.components[3]?.reason ?? '', /its files not compared/);
});

test('a policy that asks for a list and not for its files judges none of them', () => {
  const imaLog = { offset: 0, data: buildIma([...list, { path: '/tmp/evil' }]) };
  const input = host.input({ pcrs: new Map([[10, imaPcrValue([...list, { path: '/tmp/evil' }], 'sha256')]]), imaLog });
  const { verdict, files } = host.appraise({}, { ...input, policy: testPolicy({ ima: { required: true } }) });
  assert.deepEqual([verdict.trust, files], ['trusted', undefined]);
});

test('an empty allow list knows no file: each is named, the first ten of many', () => {
  const many = [...list, ...Array.from({ length: 500 }, (_, i): ImaWish => ({ path: `/opt/${i}` }))];
  const result = round(many, { knownGood: knownWith() });
  assert.equal(result.verdict.trust, 'untrusted');
  assert.deepEqual(new Set(result.codes), new Set(['ima-file-unknown']));
  assert.equal(result.codes.length, 10);
  assert.match(result.findings.at(-1)?.seen ?? '', /\(and 494 more\)$/);
  assert.equal(result.files?.counts.bad, 504);
  assert.equal(result.files?.bad.length, 200);
});

test('what is retired is refused as such, also when somebody signed it; what is early is not good yet', () => {
  const only = (changes: Partial<ReferenceValue>) => knownWith(value('old', allow(list), { ...changes }));
  const retired = refused(
    round(list, { knownGood: only({ state: 'retired', retired_at: '2026-02-01T00:00:00.000Z' }) }),
    ...Array(4).fill('ima-file-retired'),
  );
  assert.match(retired.findings[0]?.message ?? '', /none of old, retired 2026-02-01/);
  assert.equal(retired.files?.bad[0]?.value, idOf(allow(list)));
  const early = refused(
    round(list, { knownGood: only({ state: 'next', from: '2999-01-01T00:00:00.000Z' }) }),
    ...Array(4).fill('ima-file-unknown'),
  );
  assert.match(early.findings[0]?.message ?? '', /expected none of old, good from 2999/);
  trusted(round(list, { knownGood: only({ state: 'next', from: '2020-01-01T00:00:00.000Z' }) }));
  trusted(
    round(list, { knownGood: knownWith(value('old', allow(list), { state: 'retired' }), value('new', allow(list))) }),
  );
});

test('what was retired or is early is no digest that a changed file should have', () => {
  const evil: ImaWish = { path: '/opt/x', digest: Buffer.from(sha256('evil'), 'hex') };
  for (const changes of [{ state: 'retired' }, { from: '2999-01-01T00:00:00.000Z' }] as const) {
    const old = value('old', allow([{ path: '/opt/x' }]), changes);
    const { findings } = refused(
      round([...list, evil], { knownGood: knownWith(value('list', allow(list)), old) }),
      'ima-file-unknown',
    );
    assert.equal(findings[0]?.expected, 'a path of an allow list');
  }
});

test('of a changed file the first three good digests are told, and how many more there are', () => {
  const evil: ImaWish = { path: '/opt/x', digest: Buffer.from(sha256('evil'), 'hex') };
  const expected = (count: number) => {
    const lists = Array.from({ length: count }, (_, i) =>
      value(`${i}`, [{ path: '/opt/x', digests: { sha256: sha256(`${i}`) } }]),
    );
    const knownGood = knownWith(value('list', allow(list)), ...lists);
    return refused(round([...list, evil], { knownGood }), 'ima-file-changed').findings[0]?.expected;
  };
  const three = [0, 1, 2].map((i) => `sha256 ${sha256(`${i}`)} (${i})`).join(' or ');
  assert.equal(expected(3), three);
  assert.equal(expected(5), `${three} or 2 others`);
});

test('a path that is known in another hash is said to be', () => {
  const [, file = assert.fail()] = list;
  const other: ImaWish = { ...file, algorithm: 'sha512' };
  const { findings } = refused(round([...list, other]), 'ima-file-changed');
  assert.equal(findings[0]?.expected, 'sha256 of list, none in sha512');
});

test('digests in SHA-1 are nobody’s: two files can have one', () => {
  const weak: ImaWish = { path: '/usr/bin/x', algorithm: 'sha1', digest: createHash('sha1').update('x').digest() };
  const known = knownWith(
    value('list', [
      ...allow(list),
      { path: '/usr/bin/x', digests: { sha1: createHash('sha1').update('x').digest('hex') } },
    ]),
  );
  refused(round([...list, weak], { knownGood: known }), 'ima-file-unknown');
});

test('a digest of fs-verity is not that of the file', () => {
  const entry = (type: 'ima' | 'verity'): ImaWish => ({ path: '/usr/bin/x', template: 'ima-ngv2', type });
  const known = (name: string) =>
    knownWith(value('list', [...allow(list), { path: '/usr/bin/x', digests: { [name]: sha256('/usr/bin/x') } }]));
  trusted(round([...list, entry('verity')], { knownGood: known('verity:sha256') }));
  trusted(round([...list, entry('ima')], { knownGood: known('sha256') }));
  refused(round([...list, entry('verity')], { knownGood: known('sha256') }), 'ima-file-changed');
  refused(round([...list, entry('ima')], { knownGood: known('verity:sha256') }), 'ima-file-changed');
});

test('boot_aggregate and buffers of keys are no files; a later entry of that name is one', () => {
  trusted(round([...list, { path: '.ima', template: 'ima-buf', buffer: Buffer.from('key') }]));
  const again = round([...list, { path: 'boot_aggregate' }]);
  assert.deepEqual(again.codes.sort(), ['ima-boot-aggregate-again', 'ima-file-unknown']);
});

test('I06 an exclusion hides what it names alone, and one that hides programs is shown without counting', () => {
  const logs: ImaWish[] = [{ path: '/var/log/syslog' }, { path: '/var/log/apt/term.log' }];
  refused(round([...list, ...logs], { ima: { exclude: ['/var/log/*'] } }), 'ima-file-unknown');
  const result = trusted(round([...list, ...logs], { ima: { exclude: ['/var/log/**'] } }));
  assert.match(reason(result), /4 files in allow lists, 2 excluded/);
  const wide = trusted(
    round([...list, { path: '/usr/bin/evil' }], { ima: { exclude: ['/var/log/**', '/usr/bin/e*'] } }),
  );
  const shown = wide.verdict.findings.filter(({ code }) => code === 'ima-exclusion-wide');
  assert.deepEqual(
    shown.map(({ allowed, seen }) => [allowed, seen]),
    [[true, '/usr/bin/e*']],
  );
  assert.ok(!result.verdict.findings.some(({ code }) => code === 'ima-exclusion-wide'));
});

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = pemOf(
  issueCertificate({ subject: 'vendor', publicKey: pair.publicKey, issuer: { name: 'vendor', key: pair.privateKey } }),
);
const keyId = signersOf([pem], 'x')[0]?.ids[0] ?? '';
const signedFile = (path: string, key = pair.privateKey): ImaWish => {
  const signature = sign('sha256', Buffer.from(path), key);
  const head = Buffer.of(3, 2, 4, ...Buffer.from(keyId, 'hex'), 0, signature.length);
  return { path, template: 'ima-sig', signature: Buffer.concat([head, signature]) };
};

test('a file that is signed by a key the policy names needs no allow list', () => {
  const result = trusted(round([...list, signedFile('/usr/bin/signed')], { ima: { signed_by: [pem] } }));
  assert.match(reason(result), /4 files in allow lists, 1 signed/);
  trusted(round([...list, signedFile('/usr/bin/signed')], { ima: { signed_by: [pem] } }));
  refused(round([...list, signedFile('/usr/bin/signed')]), 'ima-file-unknown');
  const unsigned = refused(round([...list, { path: '/opt/x' }], { ima: { signed_by: [pem] } }), 'ima-file-unknown');
  assert.equal(unsigned.findings[0]?.expected, 'a path of an allow list, or a signature');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  refused(round([...list, signedFile('/usr/bin/signed', other)], { ima: { signed_by: [pem] } }), 'ima-file-unknown');
  const known = knownWith(
    value('list', allow(list)),
    value('old', allow([{ path: '/usr/bin/signed' }]), { state: 'retired' }),
  );
  refused(
    round([...list, signedFile('/usr/bin/signed')], { ima: { signed_by: [pem] }, knownGood: known }),
    'ima-file-retired',
  );
});

test('what is retired and signed is no better under another name; what is good under some name still is', () => {
  const path = '/usr/bin/vulnerable';
  const moved: ImaWish = { ...signedFile(path), path: '/opt/x', digest: Buffer.from(sha256(path), 'hex') };
  const ima = { signed_by: [pem] };
  const old = value('old', allow([{ path }]), { state: 'retired' });
  const { findings } = refused(
    round([...list, moved], { ima, knownGood: knownWith(value('list', allow(list)), old) }),
    'ima-file-retired',
  );
  assert.match(findings[0]?.message ?? '', /\/opt\/x/);
  trusted(
    round([...list, moved], {
      ima,
      knownGood: knownWith(value('list', allow(list)), value('new', allow([{ path }])), old),
    }),
  );
  trusted(round([...list, moved], { ima }));
  const early = value('early', allow([{ path }]), { state: 'next', from: '2999-01-01T00:00:00.000Z' });
  trusted(round([...list, moved], { ima, knownGood: knownWith(value('list', allow(list)), early) }));
});

test('a signature over what fs-verity says of a file counts for that alone', () => {
  const path = '/usr/bin/signed';
  const entry = (type: 'ima' | 'verity'): ImaWish => {
    const id = Buffer.concat([Buffer.of(6, 4), createHash('sha256').update(path).digest()]);
    const signature = sign('sha256', id, pair.privateKey);
    const head = Buffer.of(6, 3, 4, ...Buffer.from(keyId, 'hex'), 0, signature.length);
    return { path, template: 'ima-sigv2', type, signature: Buffer.concat([head, signature]) };
  };
  const ima = { signed_by: [pem] };
  assert.equal(trusted(round([...list, entry('verity')], { ima })).files?.counts.signed, 1);
  refused(round([...list, entry('ima')], { ima }), 'ima-file-unknown');
});

test('wrong signatures cost no more than a hundred looks', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const wrong = Array.from({ length: 300 }, (_, i) => signedFile(`/opt/${i}`, other));
  const last = signedFile('/usr/bin/signed');
  const { files } = round([...list, ...wrong, last], { ima: { signed_by: [pem] } });
  assert.deepEqual(files?.counts, { listed: 4, signed: 0, excluded: 0, bad: 301 });
});

test('a signature is looked at once, under however many names its file stands', () => {
  const named = (one: ImaWish, i: number): ImaWish => ({
    ...one,
    path: `/opt/${i}`,
    digest: Buffer.from(sha256(one.path ?? ''), 'hex'),
  });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const forged = signedFile('/usr/bin/wrong', other);
  const wrong = Array.from({ length: 300 }, (_, i) => named(forged, i));
  const last = signedFile('/usr/bin/signed');
  const ima = { signed_by: [pem] };
  const counts = { listed: 4, signed: 1, excluded: 0, bad: 300 };
  assert.deepEqual(round([...list, ...wrong, last], { ima }).files?.counts, counts, 'one wrong, not 300');
  const good = Array.from({ length: 3000 }, (_, i) => named(last, i));
  const { files } = trusted(round([...list, ...good], { ima }));
  assert.equal(files?.counts.signed, 3000);
});

test('the next round judges its new entries alone, and what was bad stays bad', () => {
  const evil: ImaWish = { path: '/tmp/evil' };
  const first = trusted(round(list));
  const second = refused(round([...list, evil], { state: first.state, files: first.files }), 'ima-file-unknown');
  assert.equal(second.wants, false);
  assert.equal(second.findings[0]?.entry, 5);
  const third = refused(
    round([...list, evil, ...more], { state: second.state, files: second.files }),
    'ima-file-unknown',
  );
  assert.deepEqual(third.files?.counts, { listed: 6, signed: 0, excluded: 0, bad: 1 });
  const nothingNew = refused(
    round([...list, evil, ...more], { state: third.state, files: third.files }),
    'ima-file-unknown',
  );
  assert.deepEqual(nothingNew.files, third.files);
  const resent = refused(
    round([...list, evil, ...more], { state: third.state, files: third.files, offset: 0 }),
    'ima-file-unknown',
  );
  assert.deepEqual(resent.files?.counts, third.files?.counts);
  assert.deepEqual([resent.part?.entries, resent.part?.pcrs], [0, {}]);
});

test('with another allow list or policy all entries are judged again, from the parts of earlier rounds', () => {
  const first = trusted(round(list));
  const whole = [...list, ...more];
  const part = first.part ?? assert.fail();
  const next = knownWith(value('list', allow(whole)), value('other', allow([{ path: '/x' }])));
  const retired = knownWith(value('list', allow(whole), { state: 'retired' }), value('new', allow(more)));
  const given = { state: first.state, files: first.files };
  for (const knownGood of [next, retired]) {
    const without = refused(round(whole, { ...given, knownGood }), 'ima-files-unread');
    assert.deepEqual([without.wants, without.verdict.trust, without.files], [true, 'unknown', undefined]);
  }
  assert.equal(trusted(round(whole, { ...given, knownGood: next, earlier: [part] })).files?.counts.listed, 6);
  const after = refused(
    round(whole, { ...given, knownGood: retired, earlier: [part] }),
    ...Array(4).fill('ima-file-retired'),
  );
  assert.equal(after.files?.counts.bad, 4);
  assert.equal(round(whole, { ...given, ima: { exclude: ['/x'] } }).wants, true);
  assert.equal(
    round(whole, { ...given, knownGood: new KnownGood(everything.values, 77) }).wants,
    false,
    'another revision alone',
  );
  assert.equal(round(whole, { ...given, knownGood: next, offset: 0 }).wants, false, 'all of it came');
});

test('parts that leave a gap, or belong to another list, are not judged', () => {
  const first = round(list);
  const part = first.part ?? assert.fail();
  const half = { offset: 0, bytes: part.bytes.subarray(0, buildIma(list.slice(0, 3)).length) };
  const whole = [...list, ...more];
  const cutAt = ({ bytes }: { bytes: Uint8Array }, at: number) => [
    { offset: 0, bytes: bytes.subarray(0, at) },
    { offset: at, bytes: bytes.subarray(at) },
  ];
  const wrong = [
    [half],
    [half, half],
    [part, part],
    [{ ...part, offset: 5 }],
    [{ ...part, bytes: Buffer.concat([part.bytes, part.bytes]) }],
    cutAt(part, half.bytes.length + 5), // as long, and an entry is lost
  ];
  for (const earlier of wrong) refused(round(whole, { state: first.state, earlier }), 'ima-files-unread');
  const longer = buildIma([...list.slice(0, 4), { path: '/usr/bin/program-with-a-longer-name' }]);
  refused(round(whole, { state: first.state, earlier: [{ offset: 0, bytes: longer }] }), 'ima-files-unread');
  trusted(round(whole, { state: first.state, earlier: cutAt(part, half.bytes.length) }));
});

test('what another boot, or another way there, left behind is not gone on from', () => {
  const first = trusted(round(list));
  const { files } = first;
  assert.ok(files);
  const whole = [...list, ...more];
  const foreign: FilesState[] = [
    { ...files, list: { ...files.list, pcrs: { sha256: '00'.repeat(32) } } },
    { ...files, list: { ...files.list, pcrs: {} } },
    { ...files, list: { ...files.list, entries: 4 } },
    { ...files, list: { ...files.list, offset: 0 } },
    { ...files, basis: '' },
  ];
  for (const one of foreign) {
    const result = refused(round(whole, { state: first.state, files: one }), 'ima-files-unread');
    assert.equal(result.wants, true);
  }
  trusted(round(whole, { state: first.state, files }));
  const { state } = first;
  const verification = verifyEvidence(host.input());
  assert.ok(verification.authentic && state);
  const nowhere = { offset: files.list.offset, entries: files.list.entries, pcrs: {}, bytes: new Uint8Array() };
  const input = {
    policy: policyOf(),
    knownGood: everything,
    now: host.now,
    verification: { ...verification, state, imaPart: nowhere },
  };
  assert.equal(wantsEarlierFiles(files, input), true, 'no bank says that the same bytes led there');
});

test('I16 a list that comes in many pieces is judged on the way, and trusted at its end alone', () => {
  const whole = [...list, ...Array.from({ length: 60 }, (_, i): ImaWish => ({ path: `/usr/lib/${i}` }))];
  const knownGood = knownWith(value('list', allow(whole)));
  const pcr10 = imaPcrValue(whole, 'sha256');
  let [state, files]: [EvidenceState | undefined, FilesState | undefined] = [undefined, undefined];
  for (const end of [10, 25, 40]) {
    const part = refused(
      round(whole.slice(0, end), { pcr10, state, files, goesOn: true, knownGood }),
      'ima-list-unfinished',
    );
    assert.equal(part.files?.counts.listed, end - 1);
    assert.equal(part.wants, false);
    [state, files] = [part.state, part.files];
  }
  assert.equal(trusted(round(whole, { pcr10, state, files, knownGood })).files?.counts.listed, 64);
});

test('a list that does not lead to the quote takes back nothing of what was bad', () => {
  const evil: ImaWish = { path: '/tmp/evil' };
  const first = round([...list, evil]);
  const second = round([...list, evil], { state: first.state, files: first.files, pcr10: Buffer.alloc(32, 7) });
  assert.deepEqual(second.codes, ['ima-file-unknown', 'ima-list-behind'].sort());
  assert.deepEqual(second.files, first.files);
});

test('whatever is run, the outcome does not depend on where rounds cut the list', () => {
  const names = fc.constantFrom('/usr/bin/program-0', '/usr/bin/program-1', '/tmp/evil', '/var/log/x');
  const entry = fc.record({ path: names, digest: fc.constantFrom('good', 'other').map((text) => text) }).map(
    ({ path, digest }): ImaWish => ({
      path,
      ...(digest === 'other' && { digest: Buffer.from(sha256('other'), 'hex') }),
    }),
  );
  const ima = { exclude: ['/var/log/**'] };
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), fc.array(fc.nat(17), { maxLength: 3 }), (run, cuts) => {
      const whole = [...list, ...run];
      const once = round(whole, { ima });
      let [state, files]: [EvidenceState | undefined, FilesState | undefined] = [undefined, undefined];
      for (const end of [
        ...cuts
          .map((cut) => Math.min(cut, whole.length))
          .filter((end) => end > 0)
          .sort((a, b) => a - b),
        whole.length,
      ]) {
        const part = round(whole.slice(0, end), { state, files, ima });
        [state, files] = [part.state, part.files];
      }
      assert.deepEqual(files, once.files);
      const bad = run.some(({ path, digest }) => path !== '/var/log/x' && (digest || path === '/tmp/evil'));
      assert.equal(once.verdict.trust, bad ? 'untrusted' : 'trusted');
    }),
    { numRuns: 25 },
  );
});

test('entries of other PCRs and violations count for nothing, though the same line was good elsewhere', () => {
  const [, file = assert.fail()] = list;
  const data = buildIma([file]).subarray(4 + 20 + 4 + 'ima-ng'.length + 4);
  const violations: ImaWish[] = [
    { ...file, violation: true },
    { ...file, violation: true, data }, // nothing vouches for its data: it may be that of a good file
  ];
  const { files } = round([...list, { ...file, pcr: 11 }, ...violations]);
  assert.deepEqual(files?.counts, { listed: 4, signed: 0, excluded: 0, bad: 0 });
});

test('the very line of boot_aggregate once more is a file nobody knows, and none where it belongs', () => {
  const again = [...list, list[0] ?? assert.fail()];
  for (let i = 0; i < 2; i++)
    assert.deepEqual(round(again).files?.counts, { listed: 4, signed: 0, excluded: 0, bad: 1 });
  const listed = [{ path: 'boot_aggregate', digests: { sha256: aggregate?.toHex() ?? '' } }];
  const knownGood = knownWith(value('list', [...allow(list), ...listed]));
  for (let i = 0; i < 2; i++) assert.equal(round(again, { knownGood }).files?.counts.listed, 5);
});

test('a bad file is told with the entry it has on this host', () => {
  const evil: ImaWish = { path: '/tmp/evil' };
  assert.equal(round([...list, evil]).findings[0]?.entry, 5);
  assert.equal(round([...list, ...more, evil]).findings[0]?.entry, 7);
});

test('a bad file is kept once and counted as often as it was run; kept are so many characters and no more', () => {
  const evil: ImaWish = { path: '/tmp/evil' };
  const twice = round([...list, evil, evil]);
  assert.deepEqual([twice.files?.counts.bad, twice.files?.bad.length], [2, 1]);
  const long = Array.from({ length: 100 }, (_, i): ImaWish => ({ path: `/tmp/${i}/${'x'.repeat(3000)}` }));
  const { files } = round([...list, ...long]);
  assert.equal(files?.counts.bad, 100);
  assert.ok(JSON.stringify(files?.bad).length < 80_000);
});

test('only the last of the files that are told says how many more there are', () => {
  const { findings } = round([...list, ...Array.from({ length: 12 }, (_, i): ImaWish => ({ path: `/opt/${i}` }))]);
  assert.deepEqual(
    findings.map(({ seen }) => / more\)$/.test(seen ?? '')),
    [...Array(9).fill(false), true],
  );
});

test('reference values that are no allow lists judge no file anew, and earlier parts are not counted beside a whole list', () => {
  const first = trusted(round(list));
  const whole = [...list, ...more];
  const given = { state: first.state, files: first.files };
  const fewer = new KnownGood([...values.slice(1), value('list', allow(whole))]);
  assert.equal(round(whole, { ...given, knownGood: fewer }).wants, false);
  const next = knownWith(value('list', allow(whole)), value('other', allow([{ path: '/x' }])));
  const resent = round(whole, { ...given, knownGood: next, offset: 0, earlier: [first.part ?? assert.fail()] });
  assert.equal(resent.files?.counts.listed, 6);
});

test('at most 200 values are named that files are good by', () => {
  const many = Array.from({ length: 201 }, (_, i): ImaWish => ({ path: `/opt/${i}` }));
  const knownGood = knownWith(value('list', allow(list)), ...many.map((wish) => value('one', allow([wish]))));
  const { files } = trusted(round([...list, ...many], { knownGood }));
  assert.deepEqual([files?.counts.listed, files?.values.length], [205, 200]);
});

test('without IMA, or evidence that is true, there are no files to judge', () => {
  for (const verification of [
    verifyEvidence(host.input()),
    verifyEvidence(host.input({ nonce: new Uint8Array(32) })),
  ]) {
    const input = { policy: policyOf(), knownGood: everything, now: host.now, verification };
    assert.equal(wantsEarlierFiles(undefined, input), false);
    assert.equal(judgedEarlier(input, []), undefined);
    assert.deepEqual(judgeFiles(input, undefined), { findings: [], state: undefined });
  }
});

test('values are named that files are good by, not those that others are signed or excluded by', () => {
  const { files } = round([...list, { path: '/var/log/x' }], { ima: { exclude: ['/var/log/**'] } });
  assert.deepEqual(files?.values, [idOf(allow([...list, ...more]))]);
});

test('files are told one by one, over parts and with the entry they stand in', () => {
  const whole = [
    ...list,
    { path: '.ima', template: 'ima-buf', buffer: Buffer.from('key') },
    { path: '/x', violation: true },
    { path: '/y', pcr: 11 },
    ...more,
  ];
  const bytes = buildIma(whole);
  const at = buildIma(whole.slice(0, 3)).length;
  const parts = [
    { offset: 0, bytes: bytes.subarray(0, at) },
    { offset: at, bytes: bytes.subarray(at) },
  ];
  const files = [...measuredFiles(parts)];
  assert.deepEqual(
    files.map(({ entry }) => entry),
    [1, 2, 3, 4, 8, 9],
  );
  assert.deepEqual(files.at(-1), {
    path: '/usr/bin/late-2',
    algorithm: 'sha256',
    digest: sha256('/usr/bin/late-2'),
    entry: 9,
  });
});

test('a list of any bytes is judged without throwing, and nothing of it makes trusted', () => {
  const verification = verifyEvidence(
    host.input({ pcrs: new Map([[10, imaPcrValue(list, 'sha256')]]), imaLog: { offset: 0, data: buildIma(list) } }),
  );
  assert.ok(verification.authentic);
  const bytes = buildIma(list);
  const judged = (part: Uint8Array) =>
    judgeFiles(
      {
        policy: policyOf(),
        knownGood: everything,
        now: host.now,
        verification: { ...verification, imaPart: { offset: 0, bytes: part, entries: 0, pcrs: {} } },
      },
      undefined,
    );
  for (let length = 0; length < bytes.length; length++) assert.ok(judged(bytes.subarray(0, length)).state);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ mask;
      const { state } = judged(changed);
      assert.ok(state && state.counts.listed <= 4);
    }),
    { numRuns: 500 },
  );
});
