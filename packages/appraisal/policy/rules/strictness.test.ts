// What a rule rests on besides what its name says: the PCR an event stands in, the digest behind its words, the form of its data.
// The hosts sign correctly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimsOf, parseEventLog, phasesOf } from '@assay/measurement';
import { corpusLog, type EventWish, editLog, frameOf } from '@assay/measurement/testing';
import { scene } from '../../testing/index.ts';
import type { LogFacts } from '../rule.ts';
import { rules } from './catalogue.ts';
import { revoked } from './revoked.ts';

const host = scene(corpusLog('event-gce-ubuntu-2104-log'));
const log = parseEventLog(host.log);
const banks = log.algorithms.flatMap(({ name }) => (name ? [name] : []));
const event = (wish: EventWish) => frameOf(wish, banks);
const edit = (change: Parameters<typeof editLog>[1]) => editLog(log, change);
const at = (type: string, pcr: number) => log.events.findIndex((one) => one.type === type && one.pcr === pcr);
/** Nothing is allowed. Measurements that are new to the reference values are left out, as every change of the log is one. */
const codes = (edited: Uint8Array) =>
  host
    .findings({ log: edited }, { policy: { ...host.input().policy, allowed: [] } })
    .map(({ code }) => code)
    .filter((code) => code !== 'measurement-unknown');
const append = (...wishes: EventWish[]) => codes(edit((frames) => [...frames, ...wishes.map(event)]));
const digestBytes: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };
const note = (pcr: number, data: Uint8Array): EventWish => ({
  pcr,
  type: 'EV_NO_ACTION',
  data,
  digests: Object.fromEntries(banks.map((bank) => [bank, new Uint8Array(digestBytes[bank] ?? 0)])),
});
const text = (words: string) => Buffer.from(words, 'latin1');
const secureBoot = at('EV_EFI_VARIABLE_DRIVER_CONFIG', 7);
const variable = log.events[secureBoot]?.data ?? assert.fail();

test('the honest host has no finding', () => {
  assert.deepEqual(codes(host.log), []);
});

test('of PCRs that are not quoted no rule says anything, of those that are each does', () => {
  const odd = parseEventLog(
    edit((frames) =>
      [
        event({ pcr: 0, type: 0x4711, data: Buffer.of(1) }),
        ...frames.filter(({ pcr, type }) => pcr !== 3 && pcr !== 5 && !(pcr === 4 && type === 0x8000_0007)),
        event({ pcr: 2, type: 'EV_EFI_ACTION', data: text('x') }),
        event({ pcr: 7, type: 'EV_EFI_VARIABLE_DRIVER_CONFIG', data: variable }),
        { ...event({ pcr: 1, type: 'EV_EFI_ACTION', data: text('y') }), data: text('z') },
      ].toSorted((a, b) => Number(b.type === 3) - Number(a.type === 3)),
    ),
  );
  const found = (pcrs: number[]) => {
    const selection = [{ hash: 'sha256' as const, pcrs }];
    const of = ['sha256'] as const;
    const facts: LogFacts = {
      log: odd,
      selection,
      banks: of,
      phases: phasesOf(odd.events, of),
      claims: claimsOf(odd, of, () => false),
    };
    return new Set(rules.flatMap((rule) => rule.find(facts)).map(({ code }) => code));
  };
  assert.deepEqual(found([]), new Set());
  const all = found([0, 1, 2, 3, 4, 5, 6, 7]);
  for (const code of [
    'separator-missing',
    'log-data-mismatch',
    'event-type-unknown',
    'event-after-separator',
    'secure-boot-twice',
    'boot-call-missing',
    'boot-exit-missing',
  ] as const)
    assert.ok(all.has(code), code);
});

test('L08 the variable SecureBoot counts in PCR 7 alone, and says 0 or 1 in one byte', () => {
  const elsewhere = edit((frames) =>
    frames.toSpliced(secureBoot, 1, event({ pcr: 1, type: 'EV_EFI_VARIABLE_BOOT', data: variable })),
  );
  assert.deepEqual(codes(elsewhere), ['secure-boot-unknown']);
  const valued = (...value: number[]) => {
    const data = Buffer.concat([variable.subarray(0, -1), Buffer.from(value)]);
    data.writeUInt32LE(value.length, 24); // VariableDataLength of UEFI_VARIABLE_DATA
    return edit((frames) => frames.with(secureBoot, event({ pcr: 7, type: 'EV_EFI_VARIABLE_DRIVER_CONFIG', data })));
  };
  for (const value of [0, 1]) assert.deepEqual(codes(valued(value)), []);
  for (const value of [[2], [1, 0], []]) {
    assert.deepEqual(codes(valued(...value)), ['secure-boot-unknown']);
    const told = host.appraise({ log: valued(...value) }).verdict.findings;
    assert.equal(told.find(({ code }) => code === 'secure-boot-unknown')?.event, secureBoot);
  }
});

test('L10 the call of an application counts in PCR 4 alone', () => {
  const call = at('EV_EFI_ACTION', 4);
  const words = log.events[call]?.data ?? assert.fail();
  const moved = (pcr: number) =>
    codes(edit((frames) => frames.toSpliced(call, 1, event({ pcr, type: 'EV_EFI_ACTION', data: words }))));
  assert.deepEqual(moved(4), []);
  assert.deepEqual(moved(5), ['boot-call-missing']);
  const label = event({ pcr: 4, type: 'EV_IPL', data: words });
  assert.deepEqual(codes(edit((frames) => frames.with(call, label))), ['boot-call-missing'], 'a label says the same');
});

test('L12 words that say boot services ended count only where their digest says so, too; notes may follow', () => {
  const end = text('Exit Boot Services Returned with Success');
  assert.deepEqual(append({ pcr: 5, type: 'EV_EFI_ACTION', data: end }), []);
  const other = event({ pcr: 5, type: 'EV_EFI_ACTION', data: text('another') });
  assert.ok(codes(edit((frames) => [...frames, { ...other, data: end }])).includes('boot-exit-after'));
  assert.ok(append({ pcr: 5, type: 'EV_IPL', data: end }).includes('boot-exit-after'), 'a label says the same');
  assert.deepEqual(append(note(5, text('SP800-155 Event\0'))), []);
});

test('L29 each thing that may stand behind a separator may in its own PCR alone, and where it can be read', () => {
  for (const pcr of [0, 1, 2, 3, 4, 5, 6])
    assert.ok(
      append({ pcr, type: 'EV_EFI_VARIABLE_DRIVER_CONFIG', data: variable }).includes('event-after-separator'),
      `PCR ${pcr}`,
    );
  assert.ok(append({ pcr: 1, type: 'EV_EVENT_TAG', data: Buffer.of(1) }).includes('event-after-separator'));
});

test('L14 L15 a startup locality may follow events of other PCRs; one that cannot be read, and a header of another version, are refused', () => {
  const start = (words: string) => note(0, text(words));
  const before = (...wishes: EventWish[]) => codes(edit((frames) => frames.toSpliced(1, 0, ...wishes.map(event))));
  const elsewhere: EventWish = { pcr: 1, type: 'EV_PLATFORM_CONFIG_FLAGS', data: Buffer.of(1) };
  assert.deepEqual(before(elsewhere, start('StartupLocality\0\x03')), []);
  assert.deepEqual(before(start('StartupLocality\0')), ['startup-locality']);
  const header = Buffer.from(log.events[0]?.data ?? assert.fail());
  header.writeUInt8(1, 21); // specVersionMajor of TCG_EfiSpecIdEvent
  assert.ok(codes(edit((frames) => frames.map((one, i) => (i === 0 ? { ...one, data: header } : one)))).length > 0);
});

test('L22 a note may be in whatever PCR it says: nothing was extended', () => {
  assert.deepEqual(append(note(0xffff_ffff, text('SP800-155 Event\0'))), []);
});

test('L30 dbx forbids an image by its SHA-256 digest alone, and where that is quoted', () => {
  const listed = log.events[at('EV_EFI_BOOT_SERVICES_APPLICATION', 4)]?.digests.sha256 ?? assert.fail();
  const found = (type: string, bank: 'sha256' | 'sha384') => {
    const key = { type, owner: '', name: listed.toHex(), fingerprint: '' };
    const facts: LogFacts = {
      log,
      selection: [{ hash: bank, pcrs: [0, 1, 2, 3, 4, 5, 6, 7] }],
      banks: [bank],
      phases: phasesOf(log.events, [bank]),
      claims: { ...claimsOf(log, [bank], () => false), secureBootKeys: { dbx: { value: [key], events: [] } } },
    };
    return revoked.find(facts).map(({ code }) => code);
  };
  assert.deepEqual(found('sha256', 'sha256'), ['image-revoked']);
  assert.deepEqual(found('x509', 'sha256'), [], 'a certificate of that name');
  assert.deepEqual(found('sha256', 'sha384'), [], 'the digest is only claimed');
});
