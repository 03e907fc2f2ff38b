import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { componentsOf, parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { editLog, frameOf } from '@assay/measurement/testing';
import type { ReferenceEvent } from '@assay/protocol';
import { defaultPcrs } from '../policy/policy.ts';
import { knownGoodOf, scene } from '../testing/index.ts';
import { type Measured, referenceFrom } from './learn.ts';

const golden = scene();
const lab = parseEventLog(golden.log);
const reference = referenceFrom(golden.appraise());
const eventsOf = ({ content }: Measured[number]) => (content.form === 'sequence' ? content.events : []);
const withEvents = (value: Measured[number], change: (event: ReferenceEvent) => ReferenceEvent): Measured[number] => ({
  ...value,
  content: { form: 'sequence', events: eventsOf(value).map(change) },
});
const other = createHash('sha256').update('another').digest();
const changed = (index: number) => writeEventLog(withDigests(lab, index, { sha256: other }));
const result = (log: Uint8Array, component: string) =>
  golden.appraise({ log }).verdict.components.find((one) => one.component === component);

test('a golden host teaches each component’s measurements in order', () => {
  assert.deepEqual(
    reference.map((value) => [value.component, eventsOf(value).length]),
    [
      ['firmware', 21],
      ['boot_loader', 0],
      ['hypervisor', 2],
      ['operating_system', 1],
    ],
  );
  assert.equal(reference.flatMap(eventsOf).length, componentsOf(lab.events).length);
  assert.match(eventsOf(reference[2] ?? assert.fail())[0]?.description ?? '', /^kernel image: image VenMedia/);
});

test('another kernel is an unknown hypervisor: component, event, old and new digest are named', () => {
  const { verdict, measured } = golden.appraise({ log: changed(10) });
  assert.equal(verdict.trust, 'untrusted');
  const [finding, ...rest] = golden.findings({ log: changed(10) });
  assert.deepEqual(rest, []);
  const old = lab.events[10]?.digests.sha256?.toHex() ?? '';
  assert.deepEqual(
    { code: finding?.code, component: finding?.component, event: finding?.event, pcr: finding?.pcr },
    { code: 'measurement-unknown', component: 'hypervisor', event: 10, pcr: 4 },
  );
  assert.equal(
    finding?.message,
    `hypervisor: event 10 (PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION, kernel image): expected sha256 ${old}, got sha256 ${other.toString('hex')}`,
  );
  assert.equal(verdict.reason, finding?.message);
  assert.deepEqual(
    verdict.components.map(({ trust }) => trust),
    ['trusted', 'trusted', 'untrusted', 'trusted'],
  );
  assert.ok(measured, 'its evidence holds, so an operator may call it golden');
});

test('another command line, initrd or firmware is told apart', () => {
  assert.match(result(changed(21), 'hypervisor')?.reason ?? '', /event 21 .*kernel command line/);
  assert.match(result(changed(22), 'operating_system')?.reason ?? '', /event 22 .*initrd/);
  assert.match(result(changed(2), 'firmware')?.reason ?? '', /event 2 .*firmware code/);
});

test('one more EFI application before the kernel is an unknown boot loader', () => {
  const shell = frameOf({ pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION', data: new Uint8Array(32) }, ['sha256']);
  const log = editLog(lab, (frames) => frames.toSpliced(10, 0, shell));
  assert.match(result(log, 'boot_loader')?.reason ?? '', /event 10 .*expected no further measurement, got sha256/);
  assert.equal(result(log, 'hypervisor')?.trust, 'trusted');
});

test('L02 an event of unknown type in a firmware PCR is refused, and compared like any other', () => {
  const stray = frameOf({ pcr: 2, type: 0x4711, data: Buffer.from('x') }, ['sha256']);
  const log = editLog(lab, (frames) => frames.toSpliced(10, 0, stray));
  assert.match(result(log, 'firmware')?.reason ?? '', /event 10 \(PCR 2, 0x4711/);
});

test('a measurement left out is named by what it should have been', () => {
  const log = editLog(lab, (frames) => frames.toSpliced(22, 1));
  assert.match(result(log, 'operating_system')?.reason ?? '', /expected sha256 1a22f602.*initrd.*got none/);
});

test('L01 a relabelled event is not the known one', () => {
  const log = editLog(lab, (frames) => frames.map((one, i) => (i === 2 ? { ...one, type: 0x8000_000a } : one)));
  assert.equal(golden.appraise({ log }).verdict.trust, 'untrusted');
  assert.deepEqual(
    golden.findings({ log }).map(({ component }) => component),
    ['firmware'],
  );
  assert.equal(golden.appraise().verdict.trust, 'trusted');
});

test('a measurement in another PCR is not the known one', () => {
  const log = editLog(lab, (frames) => frames.map((one, i) => (i === 12 ? { ...one, pcr: 2 } : one)));
  assert.match(result(log, 'firmware')?.reason ?? '', /event 12 \(PCR 2.*expected sha256 3197be1e.*\(PCR 1,/);
});

test('the nearest of several known sequences is what a difference is told against', () => {
  const far = reference.map((value) =>
    value.component === 'hypervisor'
      ? withEvents(value, (event) => ({ ...event, digests: { sha256: '00'.repeat(32) } }))
      : value,
  );
  for (const values of [
    [...far, ...reference],
    [...reference, ...far],
  ]) {
    const { verdict } = golden.appraise({ log: changed(21) }, { knownGood: knownGoodOf(values) });
    assert.equal(verdict.findings[0]?.event, 21);
    assert.equal(golden.appraise({}, { knownGood: knownGoodOf(values) }).verdict.trust, 'trusted');
  }
});

test('what was learnt from a quote over fewer PCRs goes on being known good', () => {
  const wide = scene(golden.log, defaultPcrs);
  assert.deepEqual(wide.findings({}, { knownGood: knownGoodOf(reference) }), []);
  assert.equal(wide.appraise({}, { knownGood: knownGoodOf(reference) }).verdict.trust, 'trusted');
  assert.equal(wide.appraise({ log: changed(21) }, { knownGood: knownGoodOf(reference) }).verdict.trust, 'untrusted');
});

test('without reference values a component is unknown, and says what to do', () => {
  const none = golden.appraise({}, { knownGood: knownGoodOf([]) }).verdict;
  assert.equal(none.trust, 'unknown');
  assert.ok(none.components.every(({ trust }) => trust === 'unknown'));
  assert.match(none.reason, /assay reference learn/);
  const some = reference.filter(({ component }) => component !== 'operating_system');
  const { trust, components } = golden.appraise({}, { knownGood: knownGoodOf(some) }).verdict;
  assert.equal(trust, 'unknown');
  assert.deepEqual(
    components.map((one) => one.trust),
    ['trusted', 'trusted', 'trusted', 'unknown'],
  );
});

test('reference values without the quoted bank are none', () => {
  const sha1 = reference.map((value) =>
    withEvents(value, (event) => ({ ...event, digests: { sha1: '00'.repeat(20) } })),
  );
  const { components, trust } = golden.appraise({}, { knownGood: knownGoodOf(sha1) }).verdict;
  assert.equal(trust, 'unknown');
  assert.equal(components[2]?.trust, 'unknown');
});

test('nothing is learnt from evidence that does not verify', () => {
  const wrong = golden.appraise({ nonce: new Uint8Array(32) });
  assert.throws(() => referenceFrom(wrong), { code: 'reference-not-verified' });
  const tampered = golden.appraise({ pcrs: new Map([[4, other]]) });
  assert.throws(() => referenceFrom(tampered), { code: 'reference-not-verified' });
  assert.equal(referenceFrom(golden.appraise({}, { knownGood: knownGoodOf([]) })).length, 4);
});
