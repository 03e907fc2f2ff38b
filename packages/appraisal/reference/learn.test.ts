// What a golden host teaches: sequences, and the files of IMA's list when all of it is at hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootAggregateOf, parseEventLog } from '@assay/measurement';
import { buildIma, honestIma, type ImaWish, imaPcrValue } from '@assay/measurement/testing';
import { check, ReferenceContent } from '@assay/protocol';
import { judge } from '../appraise.ts';
import { defaultPcrs } from '../policy/policy.ts';
import { factsOfLog, pcrValuesOf, scene } from '../testing/index.ts';
import { verifyEvidence } from '../verify-evidence.ts';
import { filesTaught, type Measured } from './learn.ts';
import { filesOf } from './learn-files.ts';

const host = scene(undefined, defaultPcrs);
const boot = pcrValuesOf(parseEventLog(host.log), [{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);
const first = honestIma('ima-ng', 3, bootAggregateOf(boot.sha256 ?? new Map(), 'sha256'));
const later: ImaWish[] = [{ path: '/usr/bin/late' }, { path: '/a', digest: new Uint8Array(32).fill(1) }];
const all = [...first, ...later];

/** A round in which the list is read on from `offset`. */
function round(list: readonly ImaWish[], offset = 0, previous?: ReturnType<typeof verify>['state']) {
  const data = buildIma(list);
  const pcrs = new Map([[10, imaPcrValue(list, 'sha256')]]);
  const input = host.input({ pcrs, imaLog: { offset, data: data.subarray(offset) } });
  const verification = verify({ ...input, imaAsked: offset, previous });
  return { ...input, verification };
}
function verify(input: Parameters<typeof verifyEvidence>[0]) {
  const verified = verifyEvidence(input);
  assert.ok(verified.authentic);
  return verified;
}
const pathsOf = (measured: Measured | undefined) =>
  measured?.flatMap(({ component, content }) =>
    content.form === 'files' ? content.files.map(({ path }) => `${component} ${path}`) : [],
  );

test('a golden host teaches the files of its list, by path and digest, beside its four sequences', () => {
  const { measured } = judge(round(all));
  assert.deepEqual(
    measured?.map(({ component, content }) => `${component} ${content.form}`),
    [
      'firmware sequence',
      'boot_loader sequence',
      'hypervisor sequence',
      'operating_system sequence',
      'operating_system files',
    ],
  );
  for (const { content } of measured ?? []) check(ReferenceContent, content, 'content');
  const content = measured?.[4]?.content;
  assert.ok(content?.form === 'files');
  assert.equal(content.files.length, 5, 'boot_aggregate is none');
  assert.deepEqual(content.files[0], { path: '/a', digests: { sha256: '01'.repeat(32) } });
  const again = judge(round([...first, ...later.toReversed()])).measured?.[4]?.content;
  assert.deepEqual(again, content, 'in whatever order they were measured');
});

test('an event that is called what it is by its own description is not called so twice', () => {
  const described = factsOfLog(host.log, []).events.filter(({ role, event }) => role === event.description);
  assert.ok(described.length > 0);
  for (const { role, reference } of described) assert.equal(reference.description, role);
});

test('a list that was read in parts teaches by all of them, from its beginning, else nothing', () => {
  const before = round(first);
  const offset = buildIma(first).length;
  const next = round(all, offset, before.verification.state);
  assert.deepEqual(pathsOf(judge(next).measured), [], 'the last part alone');
  const parts = [before.verification.imaPart ?? assert.fail(), next.verification.imaPart ?? assert.fail()];
  assert.deepEqual(pathsOf(filesTaught(parts)), pathsOf(judge(round(all)).measured));
  assert.deepEqual(pathsOf(filesTaught(parts.slice(1))), []);
  const quiet = round(all, buildIma(all).length, next.verification.state);
  assert.deepEqual(pathsOf(judge(quiet).measured), [], 'nothing new since');
});

test('evidence that does not hold teaches no files either', () => {
  const lied = round([...first, { path: '/x', violation: true }]);
  assert.equal(judge(lied).measured, undefined);
});

test('a file is taught once, with each digest it had, and never more files in one value than it may have', () => {
  const same = { path: '/same', digest: new Uint8Array(32) };
  const parts = (wishes: readonly ImaWish[]) => [{ offset: 0, bytes: buildIma(wishes) }];
  assert.deepEqual(filesOf(parts([same, same, { ...same, digest: new Uint8Array(32).fill(1) }])), [
    [
      { path: '/same', digests: { sha256: '00'.repeat(32) } },
      { path: '/same', digests: { sha256: '01'.repeat(32) } },
    ],
  ]);
  assert.deepEqual(filesOf(parts([{ path: `/${'x'.repeat(4096)}` }])), [], 'none that a value cannot have');
  assert.deepEqual(filesOf([]), []);
  const many = filesOf(parts(Array.from({ length: 200_001 }, (_, i) => ({ path: `/${i}` }))));
  assert.deepEqual(
    many.map(({ length }) => length),
    [200_000, 1],
  );
});
