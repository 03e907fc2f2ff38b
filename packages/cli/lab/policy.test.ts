import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { labDocument } from '@assay/appraisal';
import type { PolicyDocument, PolicyRequest, PolicyVersion } from '@assay/protocol';
import type { policiesOf } from '../operator/policies-client.ts';
import { Reported } from '../reported.ts';
import { layout } from './layout.ts';
import { applyPolicyOnce, readPolicy, writePolicy } from './policy.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-lab-policy-'));
after(() => rmSync(dir, { recursive: true }));
const paths = layout(dir);
mkdirSync(paths.etc.dir);

/** A server with these versions of the default pool's policy, newest first; null: removed by it. */
function server(...documents: (PolicyDocument | null)[]) {
  const applied: PolicyRequest[] = [];
  const all = documents.map((document): PolicyVersion => {
    return { pool: 'default', version: 1, document, applied_at: '2026-11-23T10:00:00.000Z', by: 'somebody' };
  });
  const policies = {
    list: async () => all.slice(0, 1).filter(({ document }) => document),
    versions: async () => {
      if (all.length === 0) throw new Reported('policy-not-found', 'policy', 'none');
      return all;
    },
    apply: async (request: PolicyRequest) => void applied.push(request),
  };
  return { applied, policies: policies as unknown as ReturnType<typeof policiesOf> };
}

test('the policy of a new lab is the built-in one, written for people and read back; what is written there stays', () => {
  writePolicy(paths);
  assert.deepEqual(readPolicy(paths), labDocument);
  assert.match(readFileSync(paths.etc.policy, 'utf8'), /^# .*\n(.*\n)*#.*assay policy apply.*\npool: default\n/s);
  writeFileSync(paths.etc.policy, 'pool: default\nknown_good: [firmware]\n');
  writePolicy(paths);
  assert.deepEqual(readPolicy(paths), { pool: 'default', known_good: ['firmware'] });
});

test('it is applied where there never was one, and not over what somebody applied or removed', async () => {
  const fresh = server();
  await applyPolicyOnce(paths, fresh.policies);
  assert.deepEqual(
    fresh.applied.map(({ document }) => document.known_good),
    [['firmware']],
  );
  for (const versions of [[labDocument], [null, labDocument]]) {
    const used = server(...versions);
    await applyPolicyOnce(paths, used.policies);
    assert.deepEqual(used.applied, []);
  }
});

test('a file that is no policy, or is gone, stops a new lab with the line to look at', async () => {
  writeFileSync(paths.etc.policy, 'pool: default\nknown_godo: []\n');
  const fresh = server();
  await assert.rejects(applyPolicyOnce(paths, fresh.policies), { code: 'policy-value', where: /policy\.yaml:2:1/ });
  rmSync(paths.etc.policy);
  await assert.rejects(applyPolicyOnce(paths, fresh.policies), { code: 'lab-policy' });
  assert.deepEqual(fresh.applied, []);
});
