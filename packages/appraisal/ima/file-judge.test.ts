// What is remembered of a file that was judged: most hosts run the same ones.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { buildIma, type ImaWish } from '@assay/measurement/testing';
import { FileIndex, type KnownFile } from '../reference/files.ts';
import { namedValue } from '../testing/index.ts';
import { FileJudge } from './file-judge.ts';

class CountedIndex extends FileIndex {
  asked = 0;
  override byPath(path: string): readonly KnownFile[] {
    this.asked += 1;
    return super.byPath(path);
  }
}

test('a good file is looked up once, for all hosts; a bad one for each, and the first entry always', () => {
  const sha256 = createHash('sha256').update('/good').digest('hex');
  const files = ['/good', 'boot_aggregate'].map((path) => ({ path, digests: { sha256 } }));
  const index = new CountedIndex([namedValue('list', 'operating_system', { form: 'files', files })]);
  const judge = new FileJudge(index, {}, new Date());
  const lookUps = (before: number, ...wishes: ImaWish[]) => {
    const asked = index.asked;
    const outcomes = [...judge.outcomes({ offset: 0, bytes: buildIma(wishes) }, before)].map((one) => one.is);
    return [...outcomes, index.asked - asked];
  };
  const good = { path: '/good' };
  assert.deepEqual(lookUps(0, good, good, good), ['listed', 'listed', 'listed', 2]);
  assert.deepEqual(lookUps(1, good, good), ['listed', 'listed', 0]);
  assert.deepEqual(lookUps(0, good), ['listed', 1]);
  const bad = { path: '/bad' };
  assert.deepEqual(lookUps(1, bad, bad), ['bad', 'bad', 2]);
});
