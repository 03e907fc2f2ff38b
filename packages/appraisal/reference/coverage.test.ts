// Of what nobody quoted nothing is known: neither what it measured, nor that it measured nothing.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { componentsOf, parseEventLog } from '@assay/measurement';
import { buildLog, corpusLog, corpusLogs } from '@assay/measurement/testing';
import { type Bank, components } from '@assay/protocol';
import { bootLog } from '../testing/boots.ts';
import { factsOfLog, knownGoodOf, measurements, namedValue, scene, testPolicy, valuesOf } from '../testing/index.ts';
import { compare } from './compare.ts';
import { componentPcrs, isCovered } from './coverage.ts';
import { KnownGood } from './known-good.ts';
import { referenceFrom } from './learn.ts';
import { equal } from './sequence.ts';

const boot = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const direct = corpusLog('ovmf-linux-6.1');
const quotedOf = (...pcrs: number[]) => [{ hash: 'sha256', pcrs }];

test('each measurement in PCR 0–9 is of a component that has this PCR', () => {
  const recorded = ['secure-boot', 'direct', 'extra-application', 'no-secure-boot'].map(bootLog);
  for (const log of [...corpusLogs.map(corpusLog), ...recorded])
    for (const { event, component } of componentsOf(parseEventLog(log).events))
      if (event.pcr <= 9) assert.ok(componentPcrs[component]?.includes(event.pcr), `${component} in PCR ${event.pcr}`);
});

test('a quote covers a component with all its PCRs in each bank', () => {
  const covered = (...quoted: { hash: string; pcrs: number[] }[]) => components.filter((one) => isCovered(one, quoted));
  assert.deepEqual(covered(...quotedOf(...boot)), [...components]);
  assert.deepEqual(covered(...quotedOf(0, 1, 2, 3, 4, 5, 6, 7)), ['firmware']);
  assert.deepEqual(covered(...quotedOf(0, 7)), []);
  assert.deepEqual(covered(...quotedOf(8, 9)), ['operating_system']);
  assert.deepEqual(covered(...quotedOf(...boot), { hash: 'sha384', pcrs: [4, 8] }), []);
  assert.deepEqual(covered(), []);
  assert.ok(!isCovered('an extra', quotedOf(...boot)));
});

test('a host teaches only components that its quote covers', () => {
  const taught = (...pcrs: number[]) => {
    const host = scene(direct, [{ bank: 'sha256', pcrs }]);
    const policy = testPolicy({ evidence: { pcrs: { sha256: pcrs } }, known_good: ['firmware'] });
    return referenceFrom(host.appraise({}, { policy, knownGood: new KnownGood([]) })).map(({ component }) => component);
  };
  assert.deepEqual(taught(...boot), [...components]);
  assert.deepEqual(taught(0, 1, 2, 3, 4, 5, 6, 7), ['firmware']);
  assert.deepEqual(taught(0, 7), []);
});

test('that nothing is measured is known good only where all of it is quoted', () => {
  const none = namedValue('none', 'boot_loader', { form: 'sequence', events: [] });
  const known = (...pcrs: number[]) => {
    const compared = compare('boot_loader', factsOfLog(direct, [none], { quoted: quotedOf(...pcrs) }));
    return compared.known || compared.finding.code;
  };
  assert.equal(known(...boot), true);
  assert.equal(known(4, 8, 9), true);
  for (const pcrs of [[0, 7], [4], [4, 8], [8, 9], [10]])
    assert.equal(known(...pcrs), 'reference-missing', pcrs.join());
});

test('that a good kernel was started without a boot loader is known only where all PCRs of one are quoted', () => {
  const [image = assert.fail()] = factsOfLog(direct, []).events.filter(({ claim }) => claim === 'kernel image');
  const kernel = namedValue('k', 'hypervisor', measurements({ claim: image.claim, digests: image.digests }));
  const known = (...pcrs: number[]) =>
    compare('boot_loader', factsOfLog(direct, [kernel], { quoted: quotedOf(...pcrs), allows: () => true })).known;
  assert.ok(known(4, 8, 9));
  assert.ok(!known(4));
  assert.ok(!known(4, 8));
});

test('where nothing is known to be measured a known measurement is none, also where not all is quoted', () => {
  const log = bootLog('secure-boot');
  const [loader = assert.fail(), ...loaders] = factsOfLog(log, []).events.filter(
    ({ event, component }) => event.pcr === 4 && component === 'boot_loader',
  );
  const single = namedValue(
    'single',
    'boot_loader',
    measurements(...[loader, ...loaders].map(({ claim, digests }) => ({ claim, digests }))),
  );
  const none = namedValue('none', 'boot_loader', { form: 'sequence', events: [] });
  const known = (...values: (typeof none)[]) =>
    compare('boot_loader', factsOfLog(log, values, { quoted: quotedOf(4) })).known;
  assert.ok(known(single));
  assert.ok(!known(single, none));
});

const hash = (bank: string, text: string) => createHash(bank).update(text).digest();
const both = (text: string, pcr: number, other = text) => ({
  ...{ pcr, type: 'EV_IPL', data: Buffer.from('x\0') },
  digests: { sha256: hash('sha256', text), sha384: hash('sha384', other) },
});
const banks = ['sha256', 'sha384'] as const;
const separators = [0, 1, 2, 3, 4, 5, 6, 7].map((pcr) => ({
  ...both('\0\0\0\0', pcr),
  type: 'EV_SEPARATOR',
  data: Buffer.alloc(4),
}));

test('what a host says of a bank that was not quoted is not learnt', () => {
  const log = (good: string, claimed: string) => buildLog([...separators, both(good, 9, claimed)], [...banks]);
  const wanted = (bank: Bank) => [{ bank, pcrs: boot }];
  const golden = scene(log('good', 'evil'), wanted('sha256'));
  const values = valuesOf(referenceFrom(golden.appraise({}, { knownGood: new KnownGood([]) })));
  const digests = values.flatMap(({ content }) => (content.form === 'sequence' ? content.events : []));
  assert.deepEqual([...new Set(digests.flatMap((one) => Object.keys(one.digests)))], ['sha256']);
  const evil = scene(log('evil', 'evil'), wanted('sha384'));
  const policy = testPolicy({ evidence: { pcrs: { sha384: boot } } });
  const { verdict } = evil.appraise({}, { policy, knownGood: new KnownGood(values) });
  assert.notEqual(verdict.trust, 'trusted');
});

test('an event is compared, and learnt, in the banks that are quoted of its PCR', () => {
  const quoted = [
    { hash: 'sha256', pcrs: boot },
    { hash: 'sha384', pcrs: boot.slice(0, 8) },
  ];
  const log = (late: string, claimed = late) =>
    buildLog([both('a', 0), both('b', 7), both(late, 9, claimed)], [...banks]);
  const facts = (bytes: Uint8Array, values: ReturnType<typeof namedValue>[]) => factsOfLog(bytes, values, { quoted });
  const { events } = facts(log('c'), []);
  assert.deepEqual(
    events.map(({ digests }) => Object.keys(digests)),
    [['sha256', 'sha384'], ['sha256', 'sha384'], ['sha256']],
  );
  const last = events.at(-1) ?? assert.fail();
  const sequence = namedValue('s', last.component, { form: 'sequence', events: [last.reference] });
  const known = (bytes: Uint8Array) => compare(last.component, facts(bytes, [sequence])).known;
  assert.ok(equal(last.reference, last, [...banks]));
  assert.ok(known(log('c')));
  assert.ok(known(log('c', 'something else')), 'of that bank nothing is asked');
  assert.ok(!known(log('d', 'c')));
  const whole = knownGoodOf([{ component: last.component, content: { form: 'sequence', events: [last.reference] } }]);
  assert.equal(
    whole.sequences(last.component, [{ hash: 'sha384', pcrs: boot }]).length,
    0,
    'nothing is known in SHA-384',
  );
});
