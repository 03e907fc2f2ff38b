import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HashName, parseEventLog, replay, untouchedPcr } from './index.ts';
import { buildLog, corpusLog, corpusLogs, expectedPcrs } from './testing/index.ts';

for (const name of corpusLogs)
  test(`${name} replays to the values its TPM held, in every bank`, () => {
    const log = parseEventLog(corpusLog(name));
    const expected = Object.entries(expectedPcrs(name));
    assert.ok(expected.length > 0);
    for (const [bank, pcrs] of expected) {
      const values = replay(log.events, bank as HashName, log.startupLocality);
      assert.deepEqual(new Map([...values].map(([pcr, value]) => [pcr, value.toHex()])), pcrs);
    }
  });

test('a bank that one event has no digest in cannot be replayed (L18)', () => {
  const log = parseEventLog(corpusLog('ovmf-linux-6.1'));
  assert.throws(() => replay(log.events, 'sha384'), { code: 'log-no-digest', where: 'event 1' });
});

test('PCR 0 starts with the locality the log gives, the others with zero (L14)', () => {
  const data = Buffer.from('StartupLocality\0\x03', 'latin1');
  const zero = new Uint8Array(32);
  const extend = (pcr: number) => ({ pcr, type: 'EV_POST_CODE', digests: { sha256: zero } });
  const note = { pcr: 0, type: 'EV_NO_ACTION', data, digests: { sha256: zero } };
  const started = parseEventLog(buildLog([note, extend(0), extend(1)]));
  const plain = parseEventLog(buildLog([extend(0), extend(1)]));
  assert.equal(started.startupLocality, 3);
  const [a, b] = [started, plain].map(({ events, startupLocality }) => replay(events, 'sha256', startupLocality));
  assert.notDeepEqual(a?.get(0), b?.get(0));
  assert.deepEqual(a?.get(1), b?.get(1));
  const late = parseEventLog(buildLog([extend(0), note]));
  assert.equal(late.startupLocality, 0, 'a note after the first extend says nothing');
});

test('an untouched PCR is zero, of a dynamic launch all ones', () => {
  assert.equal(untouchedPcr(8, 4).toHex(), '00000000');
  assert.equal(untouchedPcr(17, 4).toHex(), 'ffffffff');
  assert.equal(untouchedPcr(23, 4).toHex(), '00000000');
  assert.equal(untouchedPcr(0, 4, 3).toHex(), '00000003');
});
