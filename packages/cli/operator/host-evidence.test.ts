import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { startPool, startTestServer, type TestServer } from '@assay/attestation/testing';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { toBase64 } from '@assay/protocol';
import { diff } from '../evidence/diff.ts';
import { show } from '../evidence/show.ts';
import { fileOf, testWorld } from '../evidence/testing/world.ts';

const launcher = join(import.meta.dirname, '../main.ts');

/** What `assay host evidence` of this server prints. */
async function printed(t: TestContext, { url, caFile, blob }: TestServer, name: string): Promise<string> {
  const args = ['host', 'evidence', name, '--server', url, '--ca-file', caFile, '--auth-blob-file', fileOf(t, blob)];
  const { stdout } = await promisify(execFile)(process.execPath, [launcher, ...args], { maxBuffer: 64 << 20 });
  return stdout;
}

type Report = { evidence: { kind: string }[]; together: { holds: string[]; strange: unknown[] } };

test('what a host sent last is printed, shown with everything holding together, and compared with another boot', async (t) => {
  const { server, host, peer, ask } = await startPool(t);
  await host.measure({ path: '/usr/bin/login' });
  for (let round = 0; round < 2; round++) {
    const { challenge, verdict } = await ask();
    peer.send(await host.answer(challenge));
    await peer.expect('result');
    await verdict;
  }
  const text = await printed(t, server, 'node1');
  const world = testWorld({ stdin: Buffer.from(text) });
  assert.equal(await show(['-'], { all: false, json: true }, world), 0);
  const { evidence, together } = JSON.parse(world.written()) as Report;
  assert.deepEqual(
    evidence.map(({ kind }) => kind),
    ['boot-log', 'ima-list', 'attest', 'signature', 'pcr-values', 'public-key', 'certificate'],
  );
  for (const said of [/signature verifies/, /quote has the digest of these values/, /event_log leads to the sha256/])
    assert.match(together.holds.join('\n'), said);
  assert.deepEqual(together.strange, []);

  const stored = JSON.parse(text);
  assert.ok(stored.evidence.ima_log.offset > 0, 'of IMA’s list only what is new');
  const log = parseEventLog(host.log);
  const changed = writeEventLog(withDigests(log, 10, { sha256: new Uint8Array(32).fill(1) }));
  const other = { ...stored, evidence: { ...stored.evidence, event_log: toBase64(changed) } };
  other.evidence.ima_log = { offset: 0, data: toBase64(host.imaList ?? new Uint8Array()) };
  const [old, now] = [fileOf(t, text), fileOf(t, JSON.stringify(other))];
  assert.equal(await diff(old, old, { all: false, json: true }, testWorld()), 0);
  const page = testWorld();
  await diff(old, old, { all: false, json: false }, page);
  assert.match(page.written(), /no difference in what was measured\n+the lists of IMA were not compared/);
  const compared = testWorld();
  assert.equal(await diff(old, now, { all: false, json: true }, compared), 1);
  const { changes, differing_pcrs, not_compared } = JSON.parse(compared.written());
  assert.deepEqual(not_compared, ['ima-list']);
  assert.deepEqual(differing_pcrs.pcrs, [log.events[10]?.pcr]);
  assert.ok(
    changes.every(({ what }: { what: string }) => what !== 'IMA'),
    'a part of a list is compared with nothing',
  );
});

test('of a host without evidence nothing is printed, and the complaint says what to do', async (t) => {
  const server = await startTestServer(t);
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  await assert.rejects(printed(t, server, 'node1'), ({ code, stdout, stderr }) => {
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /assay host attest node1.*evidence-not-found/s);
    return true;
  });
});
