// Each rule on a host it has nothing against and on one it has. The hosts sign correctly: only what they say differs.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { parseEventLog } from '@assay/measurement';
import { buildLog, corpusLog, editLog, frameOf, healthyLogs } from '@assay/measurement/testing';
import { readLog } from '../../log-reading.ts';
import { scene } from '../../testing/index.ts';
import { bootPcrs, defaultPcrs } from '../policy.ts';

const honest = scene();
const lab = parseEventLog(honest.log);
const separatorOf0 = 14; // event number of PCR 0's separator
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();

const verdictOf = (...args: Parameters<typeof honest.appraise>) => honest.appraise(...args).verdict;
/** Codes of findings but for measurements that are new to the reference values, as every change of the log is. */
const codes = (log: Uint8Array) =>
  honest
    .findings({ log })
    .map(({ code }) => code)
    .filter((code) => code !== 'measurement-unknown');
const edit = (change: Parameters<typeof editLog>[1]) => editLog(lab, change);
const event = (wish: Parameters<typeof frameOf>[0]) => frameOf(wish, ['sha256']);
const separator = (pcr: number, value = '00000000') =>
  event({ pcr, type: 'EV_SEPARATOR', data: Buffer.from(value, 'hex') });
const zeros = { sha256: new Uint8Array(32) };

test('the honest host has no finding that counts', () => {
  assert.deepEqual(honest.findings(), []);
});

test('L04 data that does not hash to its digest is refused where the digest is of the data', () => {
  const lie = (index: number, data: Uint8Array) =>
    edit((frames) => frames.map((one, i) => (i === index ? { ...one, data } : one)));
  const on = Uint8Array.from(lab.events[4]?.data ?? []);
  on[on.length - 1] = 1;
  assert.deepEqual(codes(lie(4, on)), ['log-data-mismatch']); // Secure Boot: on
  assert.deepEqual(codes(lie(13, Buffer.from('Calling nothing at all'))), ['log-data-mismatch']);
  const unreadable = Uint8Array.from(lab.events[4]?.data ?? [], (byte, i) => (i === 16 ? 0xff : byte));
  assert.deepEqual(codes(lie(4, unreadable)), ['log-data-mismatch']);
  assert.deepEqual(codes(lie(10, new Uint8Array(32))), [], 'the path of an image is only a label');
});

test('L05 a separator is there in each of PCR 0–7', () => {
  for (const index of [9, 14, 15, 16, 17, 18, 19, 20])
    assert.deepEqual(codes(edit((frames) => frames.toSpliced(index, 1))), ['separator-missing']);
});

test('L06 a separator is there once', () => {
  assert.deepEqual(codes(edit((frames) => [...frames, separator(3)])), ['separator-twice']);
});

test('L07 a separator says that the firmware met no error', () => {
  const valued = (value: string) => edit((frames) => frames.with(separatorOf0, separator(0, value)));
  assert.deepEqual(codes(valued('ffffffff')), []);
  assert.deepEqual(codes(valued('01000000')), ['separator-error']);
  assert.deepEqual(codes(valued('02000000')), ['separator-value']);
  assert.deepEqual(codes(valued('')), ['separator-value']);
});

test('L13 a note carries no digest and is never extended', () => {
  const note = (digest: Uint8Array) =>
    event({ pcr: 4, type: 'EV_NO_ACTION', data: Buffer.from('SP800-155 Event\0'), digests: { sha256: digest } });
  assert.deepEqual(codes(edit((frames) => [...frames, note(zeros.sha256)])), []);
  assert.deepEqual(codes(edit((frames) => [...frames, note(sha256(Buffer.from('x')))])), ['note-digest']);
});

test('L14 the startup locality is 0, 3 or 4, given once, for PCR 0, before anything is in it', () => {
  const start = (locality: number, pcr = 0) =>
    event({
      pcr,
      type: 'EV_NO_ACTION',
      data: Buffer.from(`StartupLocality\0${String.fromCharCode(locality)}`, 'latin1'),
      digests: zeros,
    });
  const first = (...notes: ReturnType<typeof start>[]) => edit((frames) => frames.toSpliced(1, 0, ...notes));
  for (const locality of [0, 3, 4]) assert.deepEqual(codes(first(start(locality))), []);
  for (const bad of [[start(1)], [start(3), start(3)], [start(3, 1)]])
    assert.deepEqual(codes(first(...bad)), ['startup-locality']);
  assert.deepEqual(codes(edit((frames) => [...frames, start(3)])), ['startup-locality']);
});

test('L15 a log has one header', () => {
  const header = lab.events[0]?.data ?? new Uint8Array();
  assert.deepEqual(
    codes(edit((frames) => [...frames, event({ pcr: 0, type: 'EV_NO_ACTION', data: header, digests: zeros })])),
    ['log-header'],
  );
  assert.equal(
    verdictOf({ log: honest.log.subarray(lab.events[1]?.offset), bootedLog: honest.log }).trust,
    'untrusted',
  );
});

test('in a log of before there were headers another note may stand first', () => {
  const data = Buffer.from('StartupLocality\0\u0003', 'latin1');
  const frame = Buffer.concat([new Uint8Array(32), data]); // PCR 0, SHA-1 of zeros
  frame.writeUInt32LE(3, 4); // EV_NO_ACTION
  frame.writeUInt32LE(data.length, 28);
  const { findings } = readLog(parseEventLog(frame), [{ hash: 'sha1', pcrs: [0] }]);
  assert.ok(findings.every(({ code }) => code !== 'log-header'));
});

test('L22 no event is in a PCR that no TPM has', () => {
  for (const pcr of [24, 0xffff_ffff])
    assert.deepEqual(codes(edit((frames) => [...frames, event({ pcr, type: 'EV_POST_CODE' })])), ['log-pcr-index']);
});

test('L23 a log cut anywhere is never trusted', () => {
  for (let length = 0; length < honest.log.length; length += 7)
    assert.equal(
      verdictOf({ log: honest.log.subarray(0, length), bootedLog: honest.log }).trust,
      'untrusted',
      `${length}`,
    );
});

test('L24 nothing stands behind the last event', () => {
  assert.deepEqual(codes(Buffer.concat([honest.log, new Uint8Array(7)])), ['log-broken']);
  assert.notDeepEqual(codes(Buffer.concat([honest.log, new Uint8Array(64).fill(0xff)])), []);
  const nothing = verdictOf({ log: new Uint8Array(7), bootedLog: honest.log }).findings.map(({ code }) => code);
  assert.ok(nothing.includes('log-broken') && !nothing.includes('log-empty'), 'it is no log that has no events');
});

test('L26 an empty log explains nothing', () => {
  const found = verdictOf({ log: new Uint8Array(), bootedLog: honest.log }).findings.map(({ code }) => code);
  assert.ok(found.includes('log-empty'));
  const nothing = verdictOf({ log: new Uint8Array() });
  assert.equal(nothing.trust, 'untrusted', 'not even for PCRs nobody extended (Q13)');
});

test('Q13 a bank the firmware never extended proves nothing, whatever else is extended into it', () => {
  const log = buildLog([{ pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION', data: new Uint8Array(32) }]);
  assert.equal(verdictOf({ log }).trust, 'untrusted');
  assert.ok(codes(log).every((code) => code === 'separator-missing'));
  assert.equal(codes(log).length, 8);
});

test('a software TPM is accepted only where the policy says so', () => {
  const policy = { ...honest.input().policy, softwareTpmAccepted: false };
  const verdict = verdictOf({}, { policy });
  assert.equal(verdict.trust, 'untrusted');
  assert.equal(verdict.findings[0]?.code, 'software-tpm');
  assert.equal(verdict.software_tpm, true);
  const endorsement = { ...honest.input().endorsement, software: false };
  assert.equal(verdictOf({}, { policy, endorsement }).trust, 'trusted');
});

test('Q07 a policy that rests on PCRs nobody asked for does not trust', () => {
  const pcrs = [{ bank: 'sha256' as const, pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14] }];
  const verdict = verdictOf({}, { policy: { ...honest.input().policy, pcrs } });
  assert.equal(verdict.trust, 'unknown');
  assert.equal(verdict.findings[0]?.code, 'policy-pcrs-not-quoted');
});

test('Q33 an empty policy trusts nobody', () => {
  for (const pcrs of [[], [{ bank: 'sha256' as const, pcrs: [] }]]) {
    const verdict = verdictOf({}, { policy: { ...honest.input().policy, pcrs }, wanted: pcrs });
    assert.equal(verdict.trust, 'unknown');
    assert.equal(verdict.findings[0]?.code, 'policy-empty');
  }
});

test('Q27 a TPM that was set back is not trusted until it is enrolled again', () => {
  const { state } = honest.appraise({ clockInfo: { resetCount: 9 } });
  const later = honest.appraise({ clockInfo: { resetCount: 3 } }, { previous: state });
  assert.deepEqual(
    later.verdict.findings.filter(({ allowed }) => !allowed).map(({ code }) => code),
    ['tpm-counter-lower'],
  );
  assert.deepEqual(later.state?.tpm, state?.tpm, 'what is stored stays');
  assert.equal(honest.appraise({ clockInfo: { resetCount: 3 } }, { previous: undefined }).verdict.trust, 'trusted');
});

test('no healthy log of the corpus is refused by the default policy, with PCR 10 asked for or not', () => {
  for (const name of healthyLogs)
    for (const wanted of [bootPcrs, defaultPcrs]) {
      const machine = scene(corpusLog(name), wanted);
      assert.deepEqual(machine.findings(), [], name);
      assert.equal(machine.appraise().verdict.trust, 'trusted', name);
    }
});
