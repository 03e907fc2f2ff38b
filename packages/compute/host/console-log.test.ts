import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { maxFrameBytes } from '../link/frames.ts';
import { maxConsoleBytes, shorten, tail } from './console-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-console-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const fileOf = (text: string | Buffer) => {
  const file = join(folder, `console-${++files}.log`);
  writeFileSync(file, text);
  return file;
};

test('the last lines are those that end the log, with or without a line end after the last', async () => {
  assert.equal(await tail(fileOf('one\ntwo\nthree\n'), 2), 'two\nthree\n');
  assert.equal(await tail(fileOf('one\ntwo\nthree'), 2), 'two\nthree');
  assert.equal(await tail(fileOf('one\ntwo\n'), 10), 'one\ntwo\n');
  assert.equal(await tail(fileOf('one\ntwo\n'), 0), '');
  assert.equal(await tail(fileOf('one\n\n\n'), 2), '\n\n');
  assert.equal(await tail(fileOf('')), '');
  assert.equal(await tail(join(folder, 'none')), undefined);
});

test('the last n lines and what comes before them are the whole log', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.stringMatching(/^[a-z]{0,5}$/), { maxLength: 8 }), fc.nat(10), async (lines, n) => {
      const text = lines.map((line) => `${line}\n`).join('');
      const end = (await tail(fileOf(text), n)) ?? '';
      assert.ok(text.endsWith(end));
      assert.equal(end.split('\n').length - 1, Math.min(n, lines.length));
    }),
    { numRuns: 30 },
  ));

test('whatever a guest writes, an answer fits into one frame', async () => {
  const file = fileOf(Buffer.alloc(3 << 20, 1)); // each byte becomes six characters
  const text = await tail(file);
  assert.equal(text?.length, maxConsoleBytes);
  assert.ok(JSON.stringify({ output: text }).length < maxFrameBytes);
  const bytes = await tail(fileOf(Buffer.alloc(3 << 20, 0xff)));
  assert.ok(JSON.stringify({ output: bytes }).length < maxFrameBytes);
});

test('a log that has grown long keeps its end, and what is written next comes after it', async () => {
  const file = fileOf('');
  const guest = openSync(file, 'a');
  for (let line = 0; line < 40_000; line++) writeSync(guest, `line ${line} of the guest, a long one\n`);
  await shorten(file);
  assert.equal(statSync(file).size, maxConsoleBytes);
  writeSync(guest, 'and on\n');
  assert.equal(await tail(file, 2), 'line 39999 of the guest, a long one\nand on\n');
  const { size } = statSync(file);
  appendFileSync(file, 'short');
  await shorten(file);
  assert.equal(statSync(file).size, size + 5);
});

test('a link in place of the log leads nowhere', async () => {
  const link = join(folder, 'link');
  symlinkSync(fileOf('secret of the host'), link);
  assert.equal(await tail(link), undefined);
  await shorten(link);
});
