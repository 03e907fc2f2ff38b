// What is taken into known good of a host: exactly what differs, from evidence that holds, and nothing that was retired.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { bootAggregateOf, imaPcr, parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { buildIma, honestIma, type ImaWish, imaPcrValue } from '@assay/measurement/testing';
import type { ReferenceContent, ReferenceValue } from '@assay/protocol';
import { defaultPcrs } from '../policy/policy.ts';
import { measurements, namedValue, pcrValuesOf, scene, testPolicy } from '../testing/index.ts';
import { verifyEvidence } from '../verify-evidence.ts';
import { acceptable } from './accept.ts';
import { type Booted, booted, bootedOf, labLog, recordedLog, taughtBy } from './testing/boot.ts';

const golden = scene(recordedLog('secure-boot'));
const lab = scene(labLog());
const other = createHash('sha256').update('another').digest();
const changed = (...indices: number[]) =>
  indices.reduce((log, index) => writeEventLog(withDigests(parseEventLog(log), index, { sha256: other })), labLog());
const [kernel, line] = [10, 21];

const accept = ({ input }: Booted, component: string, path?: string) => acceptable(input, { component, path });
/** An id is the hash of what a value holds. */
const valuesFrom = (all: ReturnType<typeof acceptable>): ReferenceValue[] =>
  all.map(({ component, content, source }) => ({
    ...namedValue(
      createHash('sha256')
        .update(JSON.stringify([component, content]))
        .digest('hex'),
      component,
      content,
    ),
    source,
  }));
const claims = (content: ReferenceContent | undefined) =>
  content?.form === 'measurements' ? content.measurements.map(({ claim }) => claim) : content?.form;

test('an event in the place of a known one is accepted by itself, in the banks that were quoted', () => {
  const host = booted(lab, changed(kernel));
  const [value, ...rest] = accept(host, 'hypervisor');
  assert.deepEqual(rest, []);
  assert.equal(value?.component, 'hypervisor');
  assert.deepEqual(value.source, { kind: 'accepted', name: 'node1', sha256: host.verdict.evidence_sha256 });
  assert.ok(value.content.form === 'measurements');
  assert.deepEqual(
    value.content.measurements.map(({ claim, digests }) => ({ claim, digests })),
    [{ claim: 'kernel image', digests: { sha256: other.toHex() } }],
  );
  assert.equal(host.with(...valuesFrom([value])).verdict.trust, 'trusted');
  for (const words of ['Hypervisor', ' kernel image ', 'kernel', 'Kernel'])
    assert.deepEqual(accept(host, words), [value], words);
  // The recorded boots have SHA-384 digests as well, which this quote says nothing of.
  const [known] = accept(booted(golden, recordedLog('other-kernel')), 'kernel');
  assert.ok(known?.content.form === 'measurements');
  assert.deepEqual(
    known.content.measurements.flatMap(({ digests }) => Object.keys(digests)),
    ['sha256', 'sha256'],
  );
});

test('who names what does not differ is told what does', () => {
  const host = booted(lab, changed(line));
  assert.throws(() => accept(host, 'kernel'), {
    code: 'accept-not-found',
    hint: 'what differs: hypervisor (kernel command line); any of these names may be given',
  });
  assert.deepEqual(claims(accept(host, 'command line')[0]?.content), ['kernel command line']);
});

test('of two things that differ the one that is named is accepted, and the other is not', () => {
  const host = booted(lab, changed(kernel, line));
  const one = accept(host, 'kernel image');
  assert.deepEqual(
    one.map(({ content }) => claims(content)),
    [['kernel image']],
  );
  const after = host.with(...valuesFrom(one));
  assert.equal(after.verdict.trust, 'untrusted');
  assert.deepEqual(
    after.told.differences.map(({ claim }) => claim),
    ['kernel command line'],
  );
  assert.equal(after.with(...valuesFrom(accept(after, 'command line'))).verdict.trust, 'trusted');
  assert.deepEqual(claims(accept(host, 'hypervisor')[0]?.content), ['kernel image', 'kernel command line']);
});

test('of another shape the whole component is accepted in order, and no claim alone', () => {
  const host = booted(golden, recordedLog('extra-application'));
  const [value, ...rest] = accept(host, 'boot loader');
  assert.deepEqual([value?.component, value?.content.form, rest.length], ['boot_loader', 'sequence', 0]);
  assert.ok(value?.content.form === 'sequence');
  assert.ok(value.content.events.every(({ digests }) => Object.keys(digests).join() === 'sha256'));
  assert.equal(host.with(...valuesFrom([value])).verdict.trust, 'trusted');
  assert.throws(() => accept(host, 'boot loader image'), { code: 'accept-value', hint: /--component boot_loader/ });
  // A boot without what is known: nothing to take in its place.
  const without = booted(golden, recordedLog('no-secure-boot'));
  assert.throws(() => accept(without, 'kernel'), { code: 'accept-value' });
  assert.equal(accept(without, 'hypervisor')[0]?.content.form, 'sequence');
});

test('of a component of which nothing is known all is accepted', () => {
  const host = booted(
    golden,
    golden.log,
    taughtBy(golden).filter(({ component }) => component !== 'hypervisor'),
  );
  const [value] = accept(host, 'hypervisor');
  assert.equal(value?.content.form, 'sequence');
  assert.equal(host.with(...valuesFrom(accept(host, 'hypervisor'))).verdict.trust, 'trusted');
});

test('all of a component is accepted from a quote alone that covers it; a measurement in its place from less', () => {
  const wanted = [{ bank: 'sha256' as const, pcrs: [0, 4, 7] }];
  const policy = testPolicy({ evidence: { pcrs: { sha256: [0, 4, 7] } }, known_good: ['hypervisor'] });
  const host = booted(scene(labLog(), wanted), labLog(), [], { policy });
  for (const component of ['firmware', 'boot_loader', 'hypervisor', 'operating_system'])
    assert.throws(() => accept(host, component), { code: 'accept-value', expected: /^a quote over PCR / }, component);
  const other = booted(scene(labLog(), wanted), changed(kernel), taughtBy(lab), { policy });
  assert.equal(other.verdict.trust, 'untrusted');
  const [value] = accept(other, 'hypervisor');
  assert.deepEqual(claims(value?.content), ['kernel image']);
});

test('what does not differ is not found', () => {
  const host = booted(lab, changed(kernel));
  for (const wish of ['firmware', 'kernel command line', 'initrd', '', 'constructor', '__proto__', 'x\u001b[31m'])
    assert.throws(
      () => accept(host, wish),
      { code: 'accept-not-found', hint: 'what differs: hypervisor (kernel image); any of these names may be given' },
      wish,
    );
  assert.throws(() => accept(booted(lab, lab.log), 'hypervisor'), {
    code: 'accept-not-found',
    hint: 'nothing differs',
  });
  assert.throws(() => accept(host, 'operating_system', '/usr/bin/x'), { code: 'accept-not-found' });
});

test('what was retired stays so, as one measurement and as a whole; what is early has a name', () => {
  const values = taughtBy(lab);
  const content = measurements({ claim: 'kernel image', digests: { sha256: other.toHex() } });
  const old = namedValue('old', 'hypervisor', content, { state: 'retired' });
  const refused = { code: 'accept-retired', hint: /assay reference reinstate old/ };
  for (const wish of ['hypervisor', 'kernel'])
    assert.throws(() => accept(booted(lab, changed(kernel), [...values, old]), wish), refused);
  const next = { ...old, state: 'next' as const, from: '2100-01-01T00:00:00.000Z' };
  assert.throws(() => accept(booted(lab, changed(kernel), [...values, next]), 'kernel'), {
    code: 'accept-early',
    hint: /assay reference promote old/,
  });
  // The whole sequence, beside a good one that has the same events in another order.
  const [sequence] = taughtBy(lab).filter(({ component }) => component === 'hypervisor');
  assert.ok(sequence?.content.form === 'sequence');
  const others = values.filter(({ component }) => component !== 'hypervisor');
  const turned = { ...sequence.content, events: [...sequence.content.events].reverse() };
  const both = [
    ...others,
    { ...sequence, id: 'old', state: 'retired' as const },
    namedValue('new', 'hypervisor', turned),
  ];
  const host = booted(lab, lab.log, both);
  assert.equal(host.verdict.trust, 'untrusted');
  assert.throws(() => accept(host, 'hypervisor'), refused);
});

test('nothing is accepted of evidence that does not hold, or of a host without a policy', () => {
  const input = lab.input({ log: lab.log, bootedLog: changed(kernel) });
  const lying = bootedOf({ ...input, verification: verifyEvidence(input) });
  const forged = lab.input({ log: changed(kernel), nonce: new Uint8Array(32) });
  const stale = bootedOf({ ...forged, verification: verifyEvidence(forged) });
  for (const host of [lying, stale, booted(lab, changed(kernel), undefined, { policy: undefined })])
    for (const wish of ['hypervisor', 'kernel'])
      assert.throws(() => accept(host, wish), { code: 'accept-not-verified', hint: 'nothing was accepted' });
});

test('of an extra the values of its PCRs are accepted, unless they were retired', () => {
  const policy = testPolicy(
    { known_good: ['hypervisor', 'rack'], extras: [{ name: 'rack', pcrs: [1, 5] }] },
    { pcrs: lab.input().wanted },
  );
  const host = booted(lab, lab.log, undefined, { policy });
  assert.equal(host.verdict.trust, 'unknown');
  const [value] = accept(host, 'rack');
  assert.ok(value?.content.form === 'pcr-values');
  assert.deepEqual(
    value.content.values.map(({ bank, pcr }) => [bank, pcr]),
    [
      ['sha256', 1],
      ['sha256', 5],
    ],
  );
  assert.equal(host.with(...valuesFrom([value])).verdict.trust, 'trusted');
  assert.throws(() => accept(host.with(...valuesFrom([value])), 'rack'), { code: 'accept-not-found' });
  const retired = namedValue('old', 'rack', value.content, { state: 'retired' });
  assert.throws(() => accept(host.with(retired), 'rack'), { code: 'accept-retired' });
});

const imaScene = scene(labLog(), defaultPcrs);
const boot = pcrValuesOf(parseEventLog(labLog()), [{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);
const list = honestIma('ima-ng', 3, bootAggregateOf(boot.sha256 ?? new Map(), 'sha256'));
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** A host that measured these, of which the policy wants all known good. */
function measuring(wishes: readonly ImaWish[], ...values: readonly ReferenceValue[]): Booted {
  const pcrs = new Map([[imaPcr, imaPcrValue(wishes, 'sha256')]]);
  const input = imaScene.input({ pcrs, imaLog: { offset: 0, data: buildIma(wishes) } });
  const policy = testPolicy({ ima: { files: 'known-good' } });
  return bootedOf({ ...input, verification: verifyEvidence(input), policy }).with(...values);
}

const allowList = (...paths: string[]): ReferenceValue =>
  namedValue('list', 'operating_system', {
    form: 'files',
    files: paths.map((path) => ({ path, digests: { sha256: hashOf(path) } })),
  });
const known = allowList('/usr/bin/program-0', '/usr/bin/program-1', '/usr/bin/program-2');

test('a file that changed is told by its path, and accepted by it', () => {
  const evil = '/usr/bin/x; rm -rf /\n\u001b[31m';
  const changedFile = { path: '/usr/bin/program-1', digest: createHash('sha256').update('evil').digest() };
  const host = measuring([...list.slice(0, 2), changedFile, ...list.slice(3), { path: evil }], known);
  assert.equal(host.verdict.trust, 'untrusted');
  const [first, second, ...rest] = host.told.differences;
  assert.deepEqual(rest, []);
  assert.deepEqual(
    [first?.component, first?.claim, first?.path, first?.seen, first?.finding.code, first?.finding.entry],
    ['operating_system', 'IMA file', '/usr/bin/program-1', `sha256 ${hashOf('evil')}`, 'ima-file-changed', 2],
  );
  assert.equal(first?.text, '/usr/bin/program-1 has another content than is known good (entry 2 of IMA’s list)');
  assert.equal(second?.path, evil);
  assert.match(second?.text ?? '', /^\/usr\/bin\/x; rm -rf \/\\u\{a\}\\u\{1b\}\[31m is not in what is known good/);
  const commands = host.told.commands.map(({ command }) => command);
  const by = 'assay host accept node1 --component operating_system --path';
  assert.ok(commands.includes(`${by} /usr/bin/program-1 --because "…"`));
  assert.ok(commands.includes(`${by} $'/usr/bin/x\\x3b rm -rf /\\x0a\\x1b\\x5b31m' --because "…"`));

  const one = accept(host, 'operating_system', '/usr/bin/program-1');
  assert.deepEqual(
    one.map(({ content }) => content),
    [{ form: 'files', files: [{ path: '/usr/bin/program-1', digests: { sha256: hashOf('evil') } }] }],
  );
  const after = host.with(...valuesFrom(one));
  assert.deepEqual(
    after.told.differences.map(({ path }) => path),
    [evil],
  );
  const both = host.with(...valuesFrom(accept(host, 'operating_system')));
  assert.equal(both.verdict.trust, 'trusted', both.verdict.reason);
  assert.throws(() => accept(host, 'operating_system', '/usr/bin/program-0'), { code: 'accept-not-found' });
  assert.throws(() => accept(host, 'kernel'), { hint: /^what differs: files \(--path FILE\);/ });
  assert.throws(() => accept(host, 'hypervisor'), { code: 'accept-not-found' });
});

test('a file that was retired is told with its value, and not accepted', () => {
  const old = {
    ...allowList('/usr/bin/program-1'),
    id: 'old',
    name: 'coreutils',
    version: '9.1',
    state: 'retired' as const,
  };
  const host = measuring(list, allowList('/usr/bin/program-0', '/usr/bin/program-2'), old);
  const [difference, ...rest] = host.told.differences;
  assert.deepEqual(rest, []);
  assert.match(difference?.text ?? '', /^\/usr\/bin\/program-1 is coreutils 9\.1, retired \(entry 2 /);
  assert.equal(difference?.value, 'old');
  assert.ok(host.told.commands.some(({ command }) => command === 'assay reference reinstate old'));
  for (const path of [undefined, '/usr/bin/program-1'])
    assert.throws(() => accept(host, 'operating_system', path), { code: 'accept-retired', hint: /reinstate old/ });
});

test('an initrd and a file that differ at the same time are accepted together, or the file alone', () => {
  const of = (wishes: readonly ImaWish[]) => {
    const pcrs = new Map([[imaPcr, imaPcrValue(wishes, 'sha256')]]);
    const given = imaScene.input({ log: changed(22), pcrs, imaLog: { offset: 0, data: buildIma(wishes) } });
    const policy = testPolicy(
      { ima: { files: 'known-good' } },
      { allowed: [...given.policy.allowed, 'ima-boot-aggregate'] },
    );
    return bootedOf({ ...given, verification: verifyEvidence(given), policy });
  };
  const host = of(list);
  const all = accept(host, 'operating_system');
  assert.deepEqual(
    all.map(({ content }) => content.form),
    ['measurements', 'files'],
  );
  assert.equal(host.with(...valuesFrom(all)).verdict.trust, 'trusted');
});
