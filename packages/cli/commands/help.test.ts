import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assayOf } from '../operator/testing/assay.ts';

test('help is of the command that is named, however deep it stands, and the codes a script ends with stand in it', async (t) => {
  const assay = assayOf(t, { url: '', caFile: '', blob: '' });
  const helped = async (...args: string[]) => {
    const { code, stdout } = await assay(args);
    assert.equal(code, 0);
    return stdout;
  };
  assert.match(await helped('help', 'reference', 'retire'), /^Usage: assay reference retire \[options\] <ids\.\.\.>/);
  assert.match(await helped('help', 'reference'), /^Usage: assay reference /);
  assert.match(await helped('reference', 'help', 'retire'), /^Usage: assay reference retire /);
  const all = await helped('help');
  assert.match(all, /^Usage: assay [\s\S]*^Exit codes:\n {2}0 {2}done\n[\s\S]*^ {2}3 {2}held/m);
  assert.equal(await helped('--help'), all);
  const { code, stderr } = await assay(['help', 'reference', 'retier']);
  assert.deepEqual([code, /unknown command 'reference retier'/.test(stderr)], [2, true], stderr);
  assert.equal((await assay(['refrence'])).code, 2);
});
