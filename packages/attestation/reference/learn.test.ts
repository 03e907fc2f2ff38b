// Learning from a golden host: real TPM, real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labDocument } from '@assay/appraisal';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { corpusLog } from '@assay/measurement/testing';
import {
  type LearnResult,
  type ReferenceChangeResult,
  type ReferenceList,
  toBase64,
  type Verdict,
} from '@assay/protocol';
import { type Pool, startPool } from '../testing/pool.ts';

const counting = ({ findings }: Verdict) => findings.filter(({ allowed }) => !allowed).map(({ code }) => code);

async function round(pool: Pool): Promise<Verdict> {
  const { challenge, verdict } = await pool.ask();
  pool.peer.send(await pool.host.answer(challenge));
  await pool.peer.expect('result');
  return await verdict;
}

/** @param log sent in place of the host's own */
async function learn(pool: Pool, wish: object, log?: Uint8Array) {
  const asked = pool.server.call('POST', '/v1/reference/learn', { host: 'node1', ...wish });
  const answer = await pool.host.answer(await pool.peer.expect('challenge'));
  const { event_log_sha256: _, ...evidence } = answer.evidence;
  pool.peer.send(log ? { ...answer, evidence: { ...evidence, event_log: toBase64(log) } } : answer);
  await pool.peer.expect('result');
  return await asked;
}

test('what is learnt says from which evidence of which host; the same is there once; components can be named', async (t) => {
  const pool = await startPool(t);
  const { values } = (await pool.server.call('GET', '/v1/reference')).body as ReferenceList;
  assert.equal(values.length, 4);
  for (const { source, hosts } of values) {
    assert.deepEqual([source.kind, source.name, hosts], ['host', 'node1', ['node1']]);
    assert.match(source.sha256 ?? '', /^[0-9a-f]{64}$/);
  }
  const { status, body } = await learn(pool, { name: 'debian', version: '12', because: 'same again' });
  const { added, known } = body as LearnResult;
  assert.deepEqual([status, added, known.length], [200, [], 4], 'the same is there once');
  const only = await learn(pool, { components: ['firmware'], dry_run: true });
  assert.deepEqual(
    (only.body as LearnResult).known.map(({ component }) => component),
    ['firmware'],
  );
  const wrong = await learn(pool, { components: ['firmware', 'toaster'] });
  assert.deepEqual([wrong.status, codeOf(wrong.body)], [400, 'reference-value']);
});

test('a host that is untrusted because it is not known teaches; one whose log is not what was measured does not', async (t) => {
  const pool = await startPool(t, { brake_percent: 100 });
  const { values } = (await pool.server.call('GET', '/v1/reference')).body as ReferenceList;
  for (const { id } of values) {
    const { status } = await pool.server.call('POST', '/v1/reference/retire', { ids: [id] });
    assert.equal(status, 200);
  }
  assert.equal((await pool.verdict()).trust, 'untrusted');
  const { body } = await learn(pool, {});
  assert.deepEqual(
    (body as LearnResult).known.map(({ state }) => state),
    ['retired', 'retired', 'retired', 'retired'],
  );
  assert.equal((await pool.verdict()).trust, 'untrusted', 'learning again brings nothing back that was retired');

  const other = writeEventLog(
    withDigests(parseEventLog(corpusLog('ovmf-linux-6.1')), 10, { sha256: new Uint8Array(32).fill(1) }),
  );
  const refused = await learn(pool, {}, other);
  assert.deepEqual([refused.status, codeOf(refused.body)], [409, 'reference-not-verified']);
});

test('a host teaches the components alone that its policy has quoted; of none it teaches nothing, and says so', async (t) => {
  const pool = await startPool(t, { brake_percent: 100 });
  const narrow = async (...sha256: number[]) => {
    const document = { ...labDocument, known_good: ['firmware'], evidence: { pcrs: { sha256 } } };
    assert.equal((await pool.server.call('POST', '/v1/policies', { document })).status, 200);
    return await learn(pool, {});
  };
  const { added, known } = (await narrow(0, 1, 2, 3, 4, 5, 6, 7)).body as LearnResult;
  assert.deepEqual([added, known.map(({ component }) => component)], [[], ['firmware']]);
  const none = await narrow(0, 7);
  assert.deepEqual([none.status, codeOf(none.body)], [400, 'reference-value']);
  const all = { ...labDocument, evidence: { pcrs: { sha256: [0, 7] } } };
  const refused = await pool.server.call('POST', '/v1/policies', { document: all });
  assert.deepEqual([refused.status, codeOf(refused.body)], [400, 'policy-value']);
});

test('files of IMA’s list are learnt whole, though it came in parts; what changes of them is judged at once', async (t) => {
  const policy = { ...labDocument, ima: { files: 'known-good' as const } };
  const pool = await startPool(t, { policy, brake_percent: 100 });
  const { host, server } = pool;
  await host.measure({ path: '/usr/bin/one' });
  assert.deepEqual(counting(await round(pool)), ['ima-file-unknown']);
  await host.measure({ path: '/usr/bin/two' });
  assert.deepEqual([...new Set(counting(await round(pool)))], ['ima-file-unknown']);

  const { body } = await learn(pool, { name: 'debian', components: ['operating_system'] });
  const [files, ...others] = (body as LearnResult).added;
  assert.deepEqual(others, []);
  assert.deepEqual(files?.content.form === 'files' && files.content.files.map(({ path }) => path), [
    '/usr/bin/one',
    '/usr/bin/two',
  ]);
  assert.equal((await pool.verdict()).trust, 'trusted', 'at once');
  const change = async (what: string, more: object = {}) => {
    const answer = await server.call('POST', `/v1/reference/${what}`, { ids: [files?.id], ...more });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body as ReferenceChangeResult;
  };
  // The last round brought no entry: all of the list has to come from what is stored.
  assert.deepEqual((await change('retire', { dry_run: true })).rehearsal.changes[0]?.code, 'ima-file-retired');
  await change('retire');
  assert.deepEqual([...new Set(counting(await pool.verdict()))], ['ima-file-retired']);
  await change('reinstate');
  assert.equal((await pool.verdict()).trust, 'trusted');

  await host.measure({ path: '/usr/bin/three' });
  const { trust, findings } = await round(pool);
  assert.equal(trust, 'untrusted');
  assert.ok(findings.some(({ message }) => message.includes('/usr/bin/three')));
  await change('promote');
  assert.deepEqual(counting(await pool.verdict()), ['ima-file-unknown'], 'what was found before stays found');
  await host.measure({ path: '/usr/bin/four' });
  await round(pool);
  const { rehearsal } = (await learn(pool, { components: ['operating_system'] })).body as LearnResult;
  assert.deepEqual(
    rehearsal?.changes.map(({ before, after }) => [before, after]),
    [['untrusted', 'trusted']],
  );
  assert.equal((await pool.verdict()).trust, 'trusted');
});

const codeOf = (body: unknown) => (body as { error: { code: string } }).error.code;
