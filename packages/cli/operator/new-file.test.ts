import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openNew } from './new-file.ts';

function folderOf(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-new-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function write(path: string, text: string, overwrite = false) {
  await using file = await openNew(path, overwrite);
  await file.keep(text);
}

test('a file that is there stays unless told, and a link to it stays a link', async (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'fleet.json');
  await write(path, 'old');
  await assert.rejects(write(path, 'new'), { code: 'file-exists', where: path, message: /--overwrite/ });
  assert.equal(readFileSync(path, 'utf8'), 'old');
  symlinkSync('fleet.json', join(folder, 'link'));
  await write(join(folder, 'link'), 'new', true);
  assert.equal(readFileSync(path, 'utf8'), 'new');
  await write(join(folder, 'another'), 'first', true);
  assert.deepEqual(readdirSync(folder), ['another', 'fleet.json', 'link']);
});

test('what cannot be written is named, and what is in its way', async (t) => {
  const folder = folderOf(t);
  const refused = async (path: string, got: string) => {
    for (const overwrite of [false, true])
      await assert.rejects(openNew(path, overwrite), { code: 'file-unwritable', where: path, got });
  };
  await refused(join(folder, 'none/x'), 'a folder that is not there');
  mkdirSync(join(folder, 'there'));
  await refused(join(folder, 'there'), 'a folder');
  writeFileSync(join(folder, 'file'), '');
  await refused(join(folder, 'file/x'), 'a file where a folder should be');
  await refused('/dev/null', 'a device or a pipe');
});

test('what was not written to its end is not there, and what was stays', async (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'fleet.json');
  for (const overwrite of [false, true]) {
    const fails = async () => {
      await using _ = await openNew(path, overwrite);
      throw new Error('the server is gone');
    };
    await assert.rejects(fails(), /gone/);
    assert.deepEqual(readdirSync(folder), overwrite ? ['fleet.json'] : []);
    if (!overwrite) writeFileSync(path, 'old');
  }
  assert.equal(readFileSync(path, 'utf8'), 'old');
});
