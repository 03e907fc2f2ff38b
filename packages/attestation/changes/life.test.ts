import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewReferenceValue, ReferenceValue } from '@assay/protocol';
import { referenceId } from '../storage/reference-values.ts';
import { entering, findValue, promoted, reinstated, retired } from './life.ts';

const at = new Date('2026-11-23T10:00:00.000Z');
const later = '2026-12-01T00:00:00.000Z';
const said = { by: 'ada', because: 'an update', at };

const kernel = (digest: string, more: Partial<NewReferenceValue> = {}): NewReferenceValue => ({
  component: 'hypervisor',
  content: {
    form: 'measurements',
    measurements: [{ claim: 'kernel image', digests: { sha256: digest.repeat(64) }, description: 'vmlinuz' }],
  },
  source: { kind: 'package', name: 'linux-image.deb' },
  ...more,
});
const stored = (given: NewReferenceValue, more: Partial<ReferenceValue> = {}): ReferenceValue => ({
  id: referenceId(given),
  ...given,
  state: 'current',
  by: 'eve',
  added_at: '2026-01-01T00:00:00.000Z',
  ...more,
});
const old = stored(kernel('a', { name: 'linux', version: '1' }));

test('a value enters as current, or in a window as next; each once; with who, when and why', () => {
  const { fresh, known } = entering([old], [kernel('b'), kernel('b'), kernel('a')], { ...said, window: undefined });
  assert.deepEqual(known, [old]);
  const [one, ...others] = fresh;
  assert.deepEqual(others, []);
  assert.deepEqual(
    [one?.state, one?.by, one?.because, one?.added_at, one?.replaces],
    ['current', 'ada', 'an update', at.toISOString(), undefined],
  );
  const [next] = entering([old], [kernel('b')], { ...said, window: { until: later } }).fresh;
  assert.deepEqual([next?.state, next?.until, next?.replaces], ['next', later, undefined]);
});

test('what was retired elsewhere enters as retired, when and why it was; it makes nothing good', () => {
  const retired = { at: '2026-11-01T00:00:00.000Z', because: 'CVE' };
  const [gone] = entering([old], [kernel('b')], { ...said, retired }).fresh;
  assert.deepEqual([gone?.state, gone?.retired_at, gone?.retired_because], ['retired', retired.at, 'CVE']);
  assert.equal(entering([], [kernel('b')], { ...said, retired: {} }).fresh[0]?.retired_at, at.toISOString());
  assert.deepEqual(entering([old], [kernel('a')], { ...said, retired }).known, [old], 'what is good here stays good');
  const measurementsOf = ({ content }: NewReferenceValue) =>
    content.form === 'measurements' ? content.measurements : [];
  const both = {
    form: 'measurements' as const,
    measurements: ['b', 'c'].flatMap((one) => measurementsOf(kernel(one))),
  };
  const other = stored(kernel('b', { content: both }), { state: 'retired' });
  assert.throws(() => entering([other], [kernel('b')], said), { code: 'reference-retired' });
  assert.equal(entering([other], [kernel('b')], { ...said, retired }).fresh.length, 1, 'nothing is revived by it');
  for (const wrong of [
    { retired: { at: later } },
    { retired: { at: '2026-02-30T00:00:00Z' } },
    { retired, window: {} },
  ])
    assert.throws(() => entering([], [kernel('b')], { ...said, ...wrong }), { code: 'reference-value' });
});

test('what an update replaces: the values that are named; else earlier ones of the same component, form and name', () => {
  const other = stored(kernel('c', { name: 'linux', component: 'boot_loader' }));
  const gone = stored(kernel('d', { name: 'linux' }), { state: 'retired' });
  const values = [old, other, gone];
  const [same] = entering(values, [kernel('b', { name: 'linux' })], { ...said, window: {} }).fresh;
  assert.deepEqual(same?.replaces, [old.id]);
  const [nameless] = entering(values, [kernel('b')], { ...said, window: {} }).fresh;
  assert.equal(nameless?.replaces, undefined);
  const [none] = entering(values, [kernel('b', { name: 'linux' })], { ...said, window: { replaces: [] } }).fresh;
  assert.equal(none?.replaces, undefined);
  const window = { replaces: [old.id.slice(0, 10)] };
  assert.deepEqual(entering(values, [kernel('b')], { ...said, window }).fresh[0]?.replaces, [old.id]);
  const foreign = { replaces: [old.id, other.id] };
  assert.throws(() => entering(values, [kernel('b')], { ...said, window: foreign }), {
    code: 'reference-value',
    where: '--replaces',
  });
  const strange = { replaces: ['ffff'] };
  assert.throws(() => entering(values, [kernel('b')], { ...said, window: strange }), { code: 'reference-not-found' });
});

test('a window has its end ahead of its beginning and of now; one that has begun needs no beginning', () => {
  const enter = (window: object) => entering([old], [kernel('b')], { ...said, window }).fresh[0];
  assert.equal(enter({ from: '2026-11-23T09:59:59.000Z' })?.from, undefined);
  assert.equal(enter({ from: later })?.from, later);
  for (const wrong of [
    { until: at.toISOString() },
    { until: '2026-11-01T00:00:00.000Z' },
    { from: later, until: '2026-11-30T00:00:00.000Z' },
    { from: later, until: later },
    { until: '2026-99-99T00:00:00Z' },
    { from: '2026-99-99T00:00:00Z' },
    { from: '2027-02-29T00:00:00Z' },
    { from: '2026-02-30T00:00:00Z' },
    { until: '2099-02-30T00:00:00.000Z' },
    { until: '2099-04-31T24:00:00Z' },
  ])
    assert.throws(() => enter(wrong), { code: 'reference-value', where: /^--(from|until)$/ }, JSON.stringify(wrong));
});

test('what says nothing, or says digests that are none, is refused by its place', () => {
  const empty: NewReferenceValue[] = [
    kernel('b', { content: { form: 'measurements', measurements: [] } }),
    kernel('b', { content: { form: 'files', files: [] } }),
    kernel('b', { content: { form: 'pcr-values', values: [] } }),
    kernel('b', { content: { form: 'files', files: [{ path: '/bin/sh', digests: {} }] } }),
    kernel('b', { content: { form: 'files', files: [{ path: '/bin/sh', digests: { sha256: 'ab' } }] } }),
    kernel('b', { content: { form: 'pcr-values', values: [{ bank: 'sha384', pcr: 4, value: 'ab'.repeat(32) }] } }),
    kernel('b', {
      content: { form: 'sequence', events: [{ pcr: 0, type: 'x', description: '', digests: { sha1: 'AB' } }] },
    }),
  ];
  for (const one of empty)
    assert.throws(() => entering([], [kernel('c'), one], { ...said, window: undefined }), {
      code: 'reference-value',
      where: 'values/1/content',
    });
  const nothing = kernel('b', { content: { form: 'sequence', events: [] } });
  assert.equal(entering([], [nothing], { ...said, window: undefined }).fresh.length, 1);
});

test('retired, it says when and why, and replaces nothing any more', () => {
  const value = retired({ ...old, state: 'next', until: later, replaces: ['x'] }, said);
  assert.deepEqual(
    [value.state, value.retired_at, value.retired_because, value.until, value.replaces],
    ['retired', at.toISOString(), 'an update', undefined, undefined],
  );
  assert.equal(value.because, undefined, 'why it was added stays what it was');
});

test('an update takes over: what it replaces is retired, what is gone or retired already stays so', () => {
  const gone = stored(kernel('d'), { state: 'retired', retired_at: '2026-02-02T00:00:00.000Z' });
  const next = stored(kernel('b', { name: 'linux', version: '2' }), {
    ...{ state: 'next', from: '2026-11-01T00:00:00.000Z', until: later },
    replaces: [old.id, gone.id, 'no longer there'],
  });
  const changed = promoted([old, gone, next], next, { ...said, because: undefined });
  assert.deepEqual(
    changed.map(({ id, state, retired_because }) => [id, state, retired_because]),
    [
      [next.id, 'current', undefined],
      [old.id, 'retired', 'replaced by hypervisor linux 2'],
    ],
  );
  assert.deepEqual([changed[0]?.until, changed[0]?.from, changed[0]?.replaces], [undefined, undefined, undefined]);
  assert.throws(() => promoted([old], old, said), { code: 'reference-state-conflict' });
});

test('a retired one comes back as next, beside what it is to replace; it keeps where it came from', () => {
  const gone = retired(old, said);
  const next = stored(kernel('b', { name: 'linux', version: '2' }));
  const back = reinstated([gone, next], gone, { ...said, window: { until: later, replaces: [next.id] } });
  assert.deepEqual(back, { ...old, state: 'next', until: later, replaces: [next.id] });
  const alone = reinstated([gone, next], gone, { ...said, window: undefined });
  assert.deepEqual(alone, { ...old, state: 'next' }, 'unasked it replaces nothing');
  assert.throws(() => reinstated([old], old, { ...said, window: undefined }), { code: 'reference-state-conflict' });
  const itself = { replaces: [gone.id] };
  assert.throws(() => reinstated([gone], gone, { ...said, window: itself }), { code: 'reference-value' });
});

test('the beginning of an id is enough when it is of one alone', () => {
  const values = [
    { ...old, id: 'abc1' },
    { ...old, id: 'abc2' },
    { ...old, id: 'abc' },
  ];
  assert.equal(findValue(values, 'abc1').id, 'abc1');
  assert.equal(findValue(values, 'abc').id, 'abc');
  assert.throws(() => findValue(values, 'ab'), { code: 'reference-id-conflict' });
  assert.throws(() => findValue(values, 'b'), { code: 'reference-not-found' });
});

test('what a retired value alone has does not come back in another value, unless it is forced', () => {
  const gone = stored(kernel('a', { name: 'linux' }), { state: 'retired' });
  const event = (claim: string, digest: string) => ({
    ...{ pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION', description: claim, claim },
    digests: { sha256: digest.repeat(64) },
  });
  const inOrder = (...digests: string[]) =>
    kernel('', { content: { form: 'sequence', events: digests.map((one) => event('kernel image', one)) } });
  const moreBanks = kernel('', {
    content: {
      form: 'measurements',
      measurements: [
        { claim: 'kernel image', digests: { sha1: '0'.repeat(40), sha256: 'a'.repeat(64) }, description: '' },
      ],
    },
  });
  const enter = (values: ReferenceValue[], one: NewReferenceValue, more = {}) =>
    entering(values, [one], { ...said, window: undefined, ...more }).fresh.length;
  const refused = { code: 'reference-retired', hint: new RegExp(`assay reference reinstate ${gone.id}`) };
  for (const again of [moreBanks, inOrder('a'), inOrder('b', 'a')]) {
    assert.throws(() => enter([gone], again), refused);
    assert.throws(() => enter([gone], again, { window: {} }), refused);
    assert.equal(enter([gone], again, { force: true }), 1);
    assert.equal(enter([gone, stored(inOrder('c', 'a'))], again), 1, 'another value has it as good');
  }
  assert.equal(enter([gone], inOrder('b')), 1);
  assert.equal(enter([gone], { ...moreBanks, component: 'boot_loader' }), 1);
  assert.equal(enter([gone], kernel('a', { name: 'linux again' })), 0, 'the same is there, and stays retired');
  assert.equal(enter([{ ...gone, state: 'current' }], moreBanks), 1);
});

test('files come back by path and digest, PCR values and sequences as a whole', () => {
  const of = (content: NewReferenceValue['content']) => kernel('', { content });
  const files = (...all: [path: string, digest: string][]) =>
    of({ form: 'files', files: all.map(([path, digest]) => ({ path, digests: { sha256: digest.repeat(64) } })) });
  const events = (...digests: string[]) =>
    of({
      form: 'sequence',
      events: digests.map((digest, i) => ({
        ...{ pcr: 0, type: 'EV_S_CRTM_VERSION', description: `${i} as told`, claim: 'firmware version' },
        digests: { sha256: digest.repeat(64) },
      })),
    });
  const pcrs = (...all: [pcr: number, value: string][]) =>
    of({ form: 'pcr-values', values: all.map(([pcr, one]) => ({ bank: 'sha256', pcr, value: one.repeat(64) })) });
  const enters = (gone: NewReferenceValue, one: NewReferenceValue) => {
    try {
      return entering([stored(gone, { state: 'retired' })], [one], { ...said, window: undefined }).fresh.length === 1;
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'reference-retired');
      return false;
    }
  };
  assert.ok(!enters(files(['/a', 'a'], ['/b', 'b']), files(['/b', 'b'])));
  assert.ok(enters(files(['/a', 'a']), files(['/a', 'b'], ['/b', 'a'])));
  const told = events('a', 'b');
  assert.ok(told.content.form === 'sequence');
  const retold = of({
    form: 'sequence',
    events: told.content.events.map((one) => ({ ...one, description: 'told otherwise' })),
  });
  assert.ok(!enters(told, retold));
  assert.ok(enters(told, events('a', 'c')), 'most of a sequence stays good in the next one');
  assert.ok(enters(events(), of({ form: 'sequence', events: [{ ...(told.content.events[0] ?? assert.fail()) }] })));
  assert.ok(!enters(pcrs([0, 'a'], [1, 'b']), pcrs([1, 'b'], [0, 'a'])));
  assert.ok(enters(pcrs([0, 'a'], [1, 'b']), pcrs([0, 'a'], [1, 'c'])));
});
