import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildLog, corpusLog } from '@assay/measurement/testing';
import { KnownLogs, logDigest } from './known-logs.ts';
import { scene } from './testing/index.ts';
import { verifyEvidence } from './verify-evidence.ts';

const host = scene();
const sha256 = logDigest(host.log);
const { event_log: _, ...rest } = host.input().evidence;
const named = { ...rest, event_log_sha256: sha256 };
const selection = [{ hash: 'sha256' as const, pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }];

test('a log that was read before may be left out, and the verdict is the same', () => {
  const knownLogs = new KnownLogs(1_000_000);
  const whole = host.appraise({}, { knownLogs });
  const left = host.appraise({}, { knownLogs, evidence: named });
  assert.equal(left.verdict.trust, 'trusted');
  assert.deepEqual(left.verdict.components, whole.verdict.components);
  const first = verifyEvidence(host.input({}, { knownLogs }));
  const second = verifyEvidence(host.input({}, { knownLogs, evidence: named }));
  assert.ok(first.authentic && second.authentic && first.events === second.events, 'it was not read again');
});

test('a log that is left out and was never read leaves the host unknown, and is asked for', () => {
  for (const knownLogs of [undefined, new KnownLogs(1_000_000)])
    for (const event_log_sha256 of [sha256, 'ab'.repeat(32), undefined]) {
      const evidence = { ...rest, ...(event_log_sha256 && { event_log_sha256 }) };
      const { verdict, state, goesOn } = host.appraise({}, { evidence, ...(knownLogs && { knownLogs }) });
      assert.deepEqual([verdict.trust, verdict.findings[0]?.code, goesOn], ['unknown', 'log-left-out', true]);
      assert.equal(state, undefined);
    }
});

test('the name of another host’s good log explains nothing', () => {
  const knownLogs = new KnownLogs(1_000_000);
  host.appraise({}, { knownLogs });
  const bootedLog = corpusLog('event-sd-boot-fedora37');
  const { event_log: _own, ...other } = host.input({ log: bootedLog }).evidence;
  const { verdict } = host.appraise({}, { knownLogs, evidence: { ...other, event_log_sha256: sha256 } });
  assert.equal(verdict.trust, 'untrusted');
  assert.ok(verdict.findings.some(({ code }) => code === 'log-replay-mismatch'));
});

test('what is remembered has a bound: the least recently used is forgotten', () => {
  const logs = (['ovmf-linux-6.1', 'event-sd-boot-fedora37', 'event-bootorder'] as const).map((name) => {
    const log = corpusLog(name);
    return { log, name: logDigest(log) };
  });
  const [first, second, large] = logs;
  assert.ok(first && second && large);
  const known = new KnownLogs(first.log.length + second.log.length + 200 * (25 + 28));
  const isKnown = ({ name }: { name: string }) => known.recall(name, selection) !== undefined;
  for (const { log, name } of [first, second]) known.read(log, name, selection);
  assert.deepEqual(logs.map(isKnown), [true, true, false]);
  known.read(large.log, large.name, selection);
  assert.deepEqual(logs.map(isKnown), [false, false, false], 'one that has no room pushes all out and is not kept');
  known.read(first.log, first.name, selection);
  assert.equal(isKnown(first), true);
  assert.equal(known.recall(first.name, [{ hash: 'sha256', pcrs: [0] }]), undefined, 'as read for these PCRs');
});

test('a log that is known is not read again, and takes no more room', () => {
  const known = new KnownLogs(1_000_000);
  const reading = known.read(host.log, sha256, selection);
  assert.equal(known.read(host.log, sha256, selection), reading);
  assert.notEqual(known.read(host.log, sha256, [{ hash: 'sha256', pcrs: [0] }]), reading);
});

test('L19 a log of many events counts for more than its bytes', () => {
  const logs = [1, 2].map((pcr) => buildLog(Array(999).fill({ pcr, type: 'EV_SEPARATOR', digests: {} })));
  const isKept = (most: number) => {
    const known = new KnownLogs(most);
    for (const log of logs) known.read(log, logDigest(log), selection);
    return logs.map((log) => known.recall(logDigest(log), selection) !== undefined);
  };
  assert.deepEqual(isKept(440_000), [true, true]);
  assert.deepEqual(isKept(220_000), [false, true]);
});
