import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEventLog } from '@assay/measurement';
import { corpusLog, editLog } from '@assay/measurement/testing';
import fc from 'fast-check';
import { extended, pcrValuesOf, scene } from '../testing/index.ts';

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

test('a PCR that no event of the log extends must be untouched (L27)', () => {
  const [one] = findings({ pcrs: new Map([[8, extended(new Uint8Array(32), 'GRUB')]]) });
  assert.equal(one?.code, 'log-replay-mismatch');
  assert.equal(one?.pcr, 8);
});

test('Q08: values sent beside the quote prove nothing unless they hash to its digest', () => {
  const sha256 = new Map(held.sha256);
  assert.deepEqual(codes({ pcrValues: { sha256 } }), []);
  assert.deepEqual(codes({ pcrValues: { sha256: new Map(sha256).set(4, new Uint8Array(32)) } }), [
    'pcr-digest-mismatch',
  ]);
  assert.deepEqual(codes({ pcrDigest: new Uint8Array(32) }), ['pcr-digest-mismatch']);
  assert.deepEqual(codes({ pcrDigest: new Uint8Array() }), ['pcr-digest-mismatch']);
  const tampered = new Map([[7, extended(heldBy(7), 'x')]]);
  assert.deepEqual(
    codes({ pcrs: tampered, pcrValues: { sha256 } }),
    ['pcr-digest-mismatch'],
    'the good values, sent for others',
  );
});

test('Q09: the values of a quote count in one order alone', () => {
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

test('Q11: a value that does not fit its bank is refused, and so are two of one PCR', () => {
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

test('Q12: a log with SHA-1 digests alone proves nothing', () => {
  const log = corpusLog('event-uefi-sha1-log');
  const result = honest.appraise({ log });
  assert.equal(result.verdict.trust, 'untrusted');
  assert.ok(result.verdict.findings.some(({ code }) => code === 'log-no-digest'));
  assert.equal(result.measured, undefined);
});

test('L02: an event relabelled as a note is missing from the replay', () => {
  const log = editLog(lab, (frames) => frames.map((frame, i) => (i === 10 ? { ...frame, type: 3 } : frame)));
  const found = codes({ log, bootedLog: honest.log });
  assert.ok(found.includes('log-replay-mismatch'));
  assert.ok(found.includes('note-digest'));
});

test('L25: two events swapped inside a PCR do not replay', () => {
  const log = editLog(lab, (frames) => {
    [frames[2], frames[3]] = [frames[3] as never, frames[2] as never];
    return frames;
  });
  assert.deepEqual(codes({ log, bootedLog: honest.log }), ['log-replay-mismatch']);
});
