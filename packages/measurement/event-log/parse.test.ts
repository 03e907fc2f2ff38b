import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dataVouchedFor, type HashName, parseEventLog, replay, writeEventLog } from '../index.ts';
import { buildLog, corpusLog, corpusLogs, editLog, healthyLogs } from '../testing/index.ts';
import type { EventFrame } from './event.ts';

const lab = corpusLog('ovmf-linux-6.1');
const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);

for (const name of corpusLogs) {
  test(`${name} is written as it was read`, () => {
    const bytes = corpusLog(name);
    const log = parseEventLog(bytes);
    assert.equal(log.broken, undefined);
    assert.deepEqual(Buffer.from(writeEventLog(log)), Buffer.from(bytes));
  });
}

for (const name of healthyLogs)
  test(`no digest of ${name} contradicts the data beside it (L04)`, () => {
    for (const event of parseEventLog(corpusLog(name)).events) {
      assert.equal(event.problem, undefined);
      if (event.kind === 'no-action') continue;
      for (const bank of Object.keys(event.digests))
        assert.notEqual(dataVouchedFor(event, bank as HashName), false, `event ${event.index} ${event.description}`);
    }
  });

test('L23 a log cut anywhere keeps what came before and says where it broke', () => {
  const whole = parseEventLog(lab);
  for (let length = 0; length < lab.length; length++) {
    const log = parseEventLog(lab.subarray(0, length));
    const cutBetween = length === 0 || whole.events.some(({ offset }) => offset === length);
    assert.equal(log.broken === undefined, cutBetween, `at ${length}`);
    for (const event of log.events) assert.deepEqual(event.frame, whole.events[event.index]?.frame);
    assert.deepEqual(Buffer.from(writeEventLog(log)), Buffer.from(lab.subarray(0, length)));
  }
});

for (const name of corpusLogs)
  test(`L23 ${name} cut between and within events is whole only where an event ends`, () => {
    const bytes = corpusLog(name);
    const ends = new Set([0, ...parseEventLog(bytes).events.map(({ offset }) => offset), bytes.length]);
    const near = [...ends].flatMap((end) => [end - 1, end, end + 1]).filter((cut) => cut >= 0 && cut <= bytes.length);
    const cuts = bytes.length < 3000 ? [...Array(bytes.length).keys()] : near;
    for (let cut = 0; cut < bytes.length; cut += 11) cuts.push(cut);
    for (const cut of cuts) assert.equal(parseEventLog(bytes.subarray(0, cut)).broken === undefined, ends.has(cut));
  });

test('L19 a log of more events than any boot has is broken where they are too many', () => {
  const most = 8_192;
  const log = (count: number) => buildLog(Array(count - 1).fill({ pcr: 4, type: 'EV_SEPARATOR', digests: {} }));
  assert.equal(parseEventLog(log(most)).broken, undefined);
  const bytes = log(most + 1);
  const { events, broken, rest } = parseEventLog(bytes);
  assert.deepEqual([events.length, broken?.code, broken?.offset], [most, 'log-events', bytes.length - 16]);
  assert.equal(rest.length, 16);
});

test('any change of the bytes gives a log, never an exception', () => {
  const change = fc.record({ at: fc.nat(lab.length - 1), value: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const bytes = Uint8Array.from(lab);
      for (const { at, value } of changes) bytes[at] = value;
      const log = parseEventLog(bytes);
      assert.deepEqual(Buffer.from(writeEventLog(log)), Buffer.from(bytes));
      for (const event of log.events) dataVouchedFor(event, 'sha256');
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      parseEventLog(bytes);
    }),
  );
});

test('L15 a second header is an event without effect, and without a header the log is of the old format', () => {
  const header = { pcr: 0, type: 'EV_NO_ACTION', data: parseEventLog(lab).events[0]?.data ?? lab };
  const log = parseEventLog(buildLog([{ pcr: 1, type: 'EV_SEPARATOR', data: u32(0) }, header]));
  assert.equal(log.events[2]?.kind, 'no-action');
  assert.equal(parseEventLog(corpusLog('event-uefi-sha1-log')).format, 'sha1');
});

test('L16 a header with an impossible list of algorithms breaks the log at once', () => {
  const at = 32 + 24; // of numberOfAlgorithms
  for (const [name, patch] of Object.entries({
    many: (bytes: Buffer) => bytes.writeUInt32LE(0xffffffff, at),
    none: (bytes: Buffer) => bytes.writeUInt32LE(0, at),
    size: (bytes: Buffer) => bytes.writeUInt16LE(20, at + 6),
  })) {
    const bytes = Buffer.from(lab);
    patch(bytes);
    const log = parseEventLog(bytes);
    assert.equal(log.broken?.offset, 0, name);
    assert.deepEqual(log.events, [], name);
  }
  const twice = parseEventLog(buildLog([], ['sha256', 'sha256']));
  assert.equal(twice.broken?.code, 'log-header');
});

test('L17 an unknown algorithm is skipped by its declared size and carried along', () => {
  const bytes = Buffer.from(lab);
  for (const { offset } of parseEventLog(lab).events.slice(1)) bytes.writeUInt16LE(0x7777, offset + 12);
  bytes.writeUInt16LE(0x7777, 32 + 28);
  const log = parseEventLog(bytes);
  assert.equal(log.broken, undefined);
  assert.equal(log.events.length, 25);
  assert.deepEqual(log.events[1]?.digests, {});
  assert.throws(() => replay(log.events, 'sha256'), { code: 'log-no-digest' });
  assert.deepEqual(Buffer.from(writeEventLog(log)), bytes);
});

test('L19 a length beyond the end breaks the frame, a name beyond the event only the event', () => {
  const event = parseEventLog(lab).events[4];
  assert.ok(event);
  const sizeAt = event.offset + 4 + 4 + 4 + 2 + 32;
  const huge = Buffer.from(lab);
  huge.writeUInt32LE(0xc0000000, sizeAt);
  assert.equal(parseEventLog(huge).broken?.offset, event.offset);
  const name = Buffer.from(lab);
  name.writeBigUInt64LE(0x8000_0000_0000_0005n, sizeAt + 4 + 16);
  const log = parseEventLog(name);
  assert.equal(log.broken, undefined);
  assert.equal(log.events[4]?.content, undefined);
  assert.match(log.events[4]?.problem ?? '', /UEFI_VARIABLE_DATA/);
});

test('two digests of one bank in one event prove nothing', () => {
  const bytes = buildLog([{ pcr: 1, type: 'EV_SEPARATOR', data: u32(0) }]);
  const twice = (frame: EventFrame) => ({ ...frame, digests: [...frame.digests, ...frame.digests] });
  const doubled = editLog(parseEventLog(bytes), ([header, event]) => (header && event ? [header, twice(event)] : []));
  const [, read] = parseEventLog(doubled).events;
  assert.equal(read?.digests.sha256, undefined);
  assert.equal(read?.problem, 'two digests of sha256');
});

test('an unknown event type stays opaque and named by its number, never an error', () => {
  const [, event] = parseEventLog(buildLog([{ pcr: 2, type: 0xdeadbeef, data: u32(7) }])).events;
  assert.equal(event?.type, '0xdeadbeef');
  assert.equal(event?.kind, 'opaque');
  assert.equal(event?.problem, undefined);
});

test('L34 text of an event cannot move a terminal', () => {
  const data = Buffer.from('\x1b[2J\r\n\u202egnp', 'utf8');
  const [, event] = parseEventLog(buildLog([{ pcr: 9, type: 'EV_IPL', data }])).events;
  assert.match(event?.description ?? '', /^[^\p{Cc}\p{Cf}]*$/u);
});
