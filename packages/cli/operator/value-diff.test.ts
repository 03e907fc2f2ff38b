import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReferenceContent } from '@assay/protocol';
import fc from 'fast-check';
import { diffText } from './show-changes.ts';
import { valueDiff } from './value-diff.ts';

const sequence = (digests: readonly string[]): ReferenceContent => ({
  form: 'sequence',
  events: digests.map((digest) => ({ pcr: 4, type: `EV_${digest[0]}`, digests: { sha256: digest }, description: '' })),
});
const files = (entries: Readonly<Record<string, string>>): ReferenceContent => ({
  form: 'files',
  files: Object.entries(entries).map(([path, sha256]) => ({ path, digests: { sha256 } })),
});
const side = (content: ReferenceContent, component = 'hypervisor') => ({ id: 'v', component, content });

test('of files, what changed is told from what came and what went', () => {
  const diff = valueDiff(
    side(files({ '/a': '1', '/b': '2', '/c': '3' })),
    side(files({ '/c': '3', '/b': '9', '/d': '4' })),
  );
  assert.deepEqual(diff, {
    removed: ['/a sha256 1'],
    added: ['/d sha256 4'],
    changed: [{ from: '/b sha256 2', to: '/b sha256 9' }],
    same: 1,
  });
  assert.equal(diffText(diff), '- /b sha256 2\n+ /b sha256 9\n- /a sha256 1\n+ /d sha256 4\n1 the same');
});

test('of sequences order counts, of single measurements it does not', () => {
  const [ab, ba] = [sequence(['a', 'b']), sequence(['b', 'a'])];
  assert.equal(valueDiff(side(ab), side(ba)).same, 1);
  const measured = (claims: readonly string[]): ReferenceContent => ({
    form: 'measurements',
    measurements: claims.map((claim) => ({ claim, digests: { sha256: claim }, description: '' })),
  });
  const { same, ...rest } = valueDiff(side(measured(['a', 'b'])), side(measured(['b', 'a'])));
  assert.deepEqual([same, rest], [2, { removed: [], added: [], changed: [] }]);
});

test('values of two components or two forms are not compared', () => {
  const a = side(sequence(['a']));
  assert.throws(() => valueDiff(a, side(sequence(['a']), 'firmware')), { code: 'reference-incomparable' });
  assert.throws(() => valueDiff(a, side(files({}))), { code: 'reference-incomparable' });
  assert.throws(() => valueDiff(a, { id: 'v', component: 'hypervisor' }), { code: 'reference-incomparable' });
});

test('whatever two values say, everything of both is told once', () => {
  const digests = fc.array(fc.constantFrom('a', 'b', 'c', 'a2'), { maxLength: 12 });
  fc.assert(
    fc.property(digests, digests, (old, now) => {
      const { removed, added, changed, same } = valueDiff(side(sequence(old)), side(sequence(now)));
      assert.equal(removed.length + changed.length + same, old.length);
      assert.equal(added.length + changed.length + same, now.length);
      if (old.join() === now.join()) assert.equal(same, old.length);
      else assert.ok(removed.length + added.length + changed.length > 0);
    }),
  );
});

test('sequences as long as they may be, with nothing in common, are compared all the same', () => {
  const long = (sign: string) => sequence(Array.from({ length: 8192 }, (_, at) => `${sign}${at}`));
  assert.equal(valueDiff(side(long('x')), side(long('y'))).same, 0);
  assert.equal(valueDiff(side(long('x')), side(long('x'))).same, 8192);
});
