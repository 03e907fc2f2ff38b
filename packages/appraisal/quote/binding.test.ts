import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEventLog } from '@assay/measurement';
import { corpusLog, editLog, frameOf } from '@assay/measurement/testing';
import { pcrDigest } from '@assay/tpm/structures';
import fc from 'fast-check';
import { extended, pcrValuesOf, scene } from '../testing/index.ts';
import { bindLog } from './binding.ts';

const honest = scene();
const lab = parseEventLog(honest.log);
const selection = [{ hash: 'sha256' as const, pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }];
const held = pcrValuesOf(lab, selection);
const heldBy = (pcr: number) => held.sha256?.get(pcr) ?? new Uint8Array(32);
const { findings } = honest;
const codes = (...args: Parameters<typeof honest.appraise>) => findings(...args).map(({ code }) => code);

test('a log that replays to the quoted digest is bound, with the PCR values sent or without', () => {
  assert.deepEqual(codes(), []);
  assert.deepEqual(codes({ pcrValues: false }), []);
});

test('a PCR extended behind the log’s back is named when its value was sent', () => {
  const pcrs = new Map([[4, extended(heldBy(4), 'something else')]]);
  const [one, ...rest] = findings({ pcrs });
  assert.deepEqual(rest, []);
  assert.equal(one?.code, 'log-replay-mismatch');
  assert.equal(one?.pcr, 4);
  assert.equal(one?.component, 'hypervisor', 'firmware started the kernel itself, so PCR 4 is the kernel’s');
  assert.match(one?.message ?? '', /PCR 4/);
  assert.deepEqual(codes({ pcrs, pcrValues: false }), ['pcr-digest-mismatch'], 'without values none can be named');
});

test('L27 a PCR that no event of the log extends must be untouched', () => {
  const [one] = findings({ pcrs: new Map([[8, extended(new Uint8Array(32), 'GRUB')]]) });
  assert.equal(one?.code, 'log-replay-mismatch');
  assert.equal(one?.pcr, 8);
});

test('an event of a PCR that is not quoted neither helps nor hurts', () => {
  const quoted = {
    akName: honest.tpm.akName,
    selection,
    pcrDigest: pcrDigest(selection, held, 'sha256'),
    hash: 'sha256' as const,
    clockInfo: { clock: 0n, resetCount: 0, restartCount: 0, safe: true },
    firmwareVersion: 1n,
  };
  const mok = { pcr: 14, type: 'EV_IPL', data: Buffer.from('MokList') };
  for (const wish of [mok, { ...mok, digests: {} }]) {
    const log = editLog(lab, (frames) => [...frames, frameOf(wish, ['sha256'])]);
    const { unexplained, findings: found } = bindLog(quoted, parseEventLog(log), undefined);
    assert.deepEqual([[...unexplained], found], [[], []]);
  }
});

test('Q08 values sent beside the quote prove nothing unless they hash to its digest', () => {
  const sha256 = new Map(held.sha256);
  assert.deepEqual(codes({ pcrValues: { sha256 } }), []);
  assert.deepEqual(codes({ pcrValues: { sha256: new Map(sha256).set(4, new Uint8Array(32)) } }), [
    'pcr-digest-mismatch',
  ]);
  const bad = { sha256: new Map(sha256).set(4, new Uint8Array(32)) };
  const [told] = findings({ pcrValues: bad });
  assert.equal(told?.expected, pcrDigest(selection, held, 'sha256').toHex());
  assert.equal(told?.seen, `${pcrDigest(selection, bad, 'sha256').toHex()} (the PCR values sent give it)`);
  assert.deepEqual(codes({ pcrDigest: new Uint8Array(32) }), ['pcr-digest-mismatch']);
  assert.deepEqual(codes({ pcrDigest: new Uint8Array() }), ['pcr-digest-mismatch']);
  const tampered = new Map([[7, extended(heldBy(7), 'x')]]);
  assert.deepEqual(
    codes({ pcrs: tampered, pcrValues: { sha256 } }),
    ['pcr-digest-mismatch'],
    'the good values, sent for others',
  );
});

test('Q09 the values of a quote count in one order alone', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 4, 5, 7, 9], { minLength: 6 }), (order) => {
      const sorted = [...order].sort((a, b) => a - b);
      const moved = new Map(sorted.map((pcr, i) => [pcr, heldBy(order[i] ?? 0)]));
      const same = sorted.every((pcr) => Buffer.compare(moved.get(pcr) ?? ('' as never), heldBy(pcr)) === 0);
      assert.equal(codes({ pcrs: moved, pcrValues: held }).length === 0, same);
    }),
    { numRuns: 30 },
  );
});

const bothWanted = (['sha256', 'sha384'] as const).map((bank) => ({ bank, pcrs: selection[0]?.pcrs ?? [] }));
const both = bothWanted.map(({ bank, pcrs }) => ({ hash: bank, pcrs }));

test('Q10 a quote over two banks is held to the log in both, in the order they were asked for', () => {
  const machine = scene(corpusLog('event-gce-ubuntu-2104-log'), bothWanted);
  const values = pcrValuesOf(parseEventLog(machine.log), both);
  const digest = (order: typeof both, banks = values) => pcrDigest(order, banks, 'sha256');
  const seen = (wish: Parameters<typeof machine.findings>[0]) => machine.findings(wish);
  assert.deepEqual(seen({ pcrDigest: digest(both) }), []);
  assert.equal(seen({ pcrDigest: digest(both.toReversed()) })[0]?.code, 'pcr-digest-mismatch');
  assert.equal(seen({ pcrDigest: digest([both[0] as never]) })[0]?.code, 'pcr-digest-mismatch');
  for (const bank of ['sha256', 'sha384'] as const) {
    const held = new Map(values[bank]);
    const other = { ...values, [bank]: held.set(4, extended(held.get(4) ?? new Uint8Array(), 'x')) };
    const [one, ...rest] = seen({ pcrDigest: digest(both, other), pcrValues: other });
    assert.deepEqual([one?.code, one?.pcr, rest], ['log-replay-mismatch', 4, []]);
    assert.match(one?.message ?? '', new RegExp(bank), 'the bank that differs is named');
  }
});

test('Q12 no claim of a good bank covers one the log does not tell of', () => {
  assert.deepEqual(honest.findings(), []);
  const { verdict } = honest.appraise({ wanted: bothWanted }, { wanted: bothWanted }); // its log has SHA-256 digests alone
  assert.ok(verdict.findings.some(({ code }) => code === 'log-no-digest'));
  assert.notEqual(verdict.trust, 'trusted');
});

test('Q13 a bank the firmware left as it was is found out by the log, beside a good one and alone', () => {
  const machine = scene(corpusLog('event-gce-ubuntu-2104-log'), bothWanted);
  const values = pcrValuesOf(parseEventLog(machine.log), both);
  const zero = (size: number) => new Map(both[0]?.pcrs.map((pcr) => [pcr, new Uint8Array(size)]));
  assert.deepEqual(machine.findings({ pcrValues: values }), []);
  const untouched = { ...values, sha384: zero(48) };
  const found = machine.findings({ pcrValues: untouched, pcrDigest: pcrDigest(both, untouched, 'sha256') });
  assert.ok([0, 1, 2, 3, 4, 5, 6, 7].every((pcr) => found.some((one) => one.pcr === pcr)));
  assert.ok(found.every(({ code }) => code === 'log-replay-mismatch'));
  // An empty log replays to it: that is why a separator has to be there.
  const alone = { sha256: zero(32) };
  const none = { log: new Uint8Array(), pcrValues: alone, pcrDigest: pcrDigest(selection, alone, 'sha256') };
  assert.notEqual(honest.appraise(none).verdict.trust, 'trusted');
});

test('a change of any PCR value that was sent costs the trust', () => {
  const input = honest.input();
  const { pcr_values: values = [] } = input.evidence;
  fc.assert(
    fc.property(fc.nat(values.length - 1), fc.nat(63), fc.integer({ min: 1, max: 15 }), (which, at, mask) => {
      const changed = (text: string) => {
        const digit = (Number.parseInt(text[at] ?? '0', 16) ^ mask).toString(16);
        return text.slice(0, at) + digit + text.slice(at + 1);
      };
      const sent = values.map((one, i) => (i === which ? { ...one, value: changed(one.value) } : one));
      const [one] = honest.findings({}, { evidence: { ...input.evidence, pcr_values: sent } });
      assert.equal(one?.code, 'pcr-digest-mismatch');
    }),
  );
});

test('Q11 a value that does not fit its bank is refused, and so are two of one PCR', () => {
  const input = honest.input();
  const { pcr_values: values = [] } = input.evidence;
  const sent = (pcr_values: typeof values) =>
    honest.findings({}, { evidence: { ...input.evidence, pcr_values } }).map(({ code }) => code);
  assert.deepEqual(sent(values), []);
  assert.deepEqual(sent(values.map((one) => (one.pcr === 4 ? { ...one, value: one.value.slice(0, 40) } : one))), [
    'pcr-values',
  ]);
  assert.deepEqual(sent([...values, ...values]), ['pcr-values']);
  assert.deepEqual(sent(values.slice(1)), ['pcr-digest-mismatch']);
  assert.deepEqual(sent([]), ['pcr-digest-mismatch']);
});

test('Q12 a log with SHA-1 digests alone proves nothing', () => {
  const log = corpusLog('event-uefi-sha1-log');
  const result = honest.appraise({ log });
  assert.equal(result.verdict.trust, 'untrusted');
  assert.ok(result.verdict.findings.some(({ code }) => code === 'log-no-digest'));
  assert.equal(result.measured, undefined);
});

test('L02 L13 an event relabelled as a note is missing from the replay', () => {
  const log = editLog(lab, (frames) => frames.map((frame, i) => (i === 10 ? { ...frame, type: 3 } : frame)));
  const found = codes({ log, bootedLog: honest.log });
  assert.ok(found.includes('log-replay-mismatch'));
  assert.ok(found.includes('note-digest'));
});

test('L25 two events swapped inside a PCR do not replay', () => {
  const log = editLog(lab, (frames) => {
    [frames[2], frames[3]] = [frames[3] as never, frames[2] as never];
    return frames;
  });
  assert.deepEqual(codes({ log, bootedLog: honest.log }), ['log-replay-mismatch']);
});
