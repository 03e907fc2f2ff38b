import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from '@assay/attestation/testing';
import { fileOf } from '../evidence/testing/world.ts';
import { assayOf } from '../operator/testing/assay.ts';
import { generationC } from './testing/generation-c.ts';
import { stocked } from './testing/importing.ts';
import { startOldServer } from './testing/old-server.ts';

test('at a shell: the old server is tried, moved, and ours is as good as expected', async (t) => {
  const old = await startOldServer(t, generationC(stocked()), { plain: true });
  const ours = await startTestServer(t);
  const assay = assayOf(t, ours);
  const other = ['--url', old.url, '--plain-port', String(old.plainPort)];

  const tried = await assay(['compat', 'oat', ...other, '--ca-file', old.caFile]);
  assert.equal(tried.code, 1, tried.stderr);
  assert.match(tried.stdout, /^CHECK +EFFECT +EXPECTED +GOT +BECAUSE$/m);
  assert.match(tried.stdout, /^put +breaks +PUT \/AttestationService\/resources\/PollHosts/m);
  assert.match(tried.stdout, /^plain-http +less safe /m);
  assert.doesNotMatch(tried.stdout, /^tls-version/m, 'what is as it should be is told with --all');
  assert.match(tried.stdout, /^\d+ checks: \d+ breaks, \d+ less safe, \d+ no matter, \d+ fine$/m);

  const from = ['import', 'oat', '--url', old.url, '--old-ca-file', old.caFile];
  const dry = await assay([...from, '--dry-run']);
  assert.deepEqual([dry.code, dry.stdout.split('\n').at(-2)], [0, '7 would move'], dry.stderr);
  const moved = await assay([...from, '--because', 'we move']);
  assert.deepEqual([moved.code, moved.stdout.split('\n').at(-2)], [0, '7 moved'], moved.stderr);
  assert.match(moved.stdout, /^MLE +fab-bios 2\.6 \(Fabrikam\) +moved +SHA-1 in PCR 0 never matches/m);
  assert.match((await assay(from)).stdout, /^7 there already$/m);

  const blob = fileOf(t, ours.blob);
  const self = ['compat', 'oat', '--url', ours.url, '--ca-file', ours.caFile, '--auth-blob-file', blob];
  const good = await assay([...self, '--plain-port', '1', '--all', '--json']);
  const { summary, findings } = JSON.parse(good.stdout);
  assert.deepEqual([good.code, summary.breaks, summary['less safe']], [1, 0, 1], good.stderr);
  const [sha1] = findings.filter(({ effect }: { effect: string }) => effect === 'less safe');
  assert.equal(sha1.check, 'white-list-digests', 'white lists of SHA-1 are still there');
});

test('wrong usage is told apart from a server that fails', async (t) => {
  const assay = assayOf(t, await startTestServer(t));
  const codes = async (...args: string[]) => (await assay(args)).code;
  assert.equal(await codes('compat', 'oat'), 2);
  assert.equal(await codes('compat', 'oat', '--url', 'http://old.example:8080'), 2);
  assert.equal(await codes('compat', 'oat', '--url', 'https://127.0.0.1:1', '--plain-port', '70000'), 2);
  assert.equal(await codes('compat', 'oat', '--url', 'https://127.0.0.1:1', '--ca-file', '/nowhere'), 2);
  assert.equal(await codes('compat', 'oat', '--url', 'https://127.0.0.1:1'), 1);
  assert.equal(await codes('import', 'oat', '--url', 'https://127.0.0.1:1'), 1);
});
