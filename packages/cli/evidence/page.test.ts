import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonChunks } from './json.ts';
import { type Block, linesOf, type Screen, screenOf } from './page.ts';

const piped: Screen = { columns: undefined, colour: false };

async function pageOf(blocks: readonly Block[], screen = piped): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(async_(blocks), screen)) lines.push(line);
  return lines;
}
async function* async_<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** Control and format characters, a newline within a line among them. */
const unfit = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const everyBlock = (text: string): Block[] => [
  { heading: text },
  { facts: [[text, [text, text]]] },
  {
    columns: [
      { head: text, width: 4 },
      { head: 'x', width: 0 },
    ],
    rows: [{ mark: '!', cells: [text, text] }],
  },
  { marked: [['·', text]] },
  { note: text },
  { text },
];

test('L34 text of an event never reaches a terminal as control characters, in whatever block it stands', async () => {
  const hostile = '\u001b[2J\u001b]0;owned\u0007\r\n\u009b31m\u202eevil\u2028';
  assert.match(hostile, unfit);
  for (const line of await pageOf(everyBlock(hostile))) assert.doesNotMatch(line, unfit);
  assert.ok(
    (await pageOf(everyBlock('/usr/bin/login — “ü”'))).every((line) => line.trim() === '' || /x|login/i.test(line)),
  );
});

test('any text at any width gives lines that fit and are safe to print', () =>
  fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.integer({ min: 40, max: 200 }),
      async (text, columns) => {
        for (const line of await pageOf([{ note: text }, { marked: [['!', text]] }, { text }], {
          columns,
          colour: false,
        })) {
          assert.ok(line.length <= columns, `${line.length} > ${columns}`);
          assert.doesNotMatch(line, unfit);
        }
      },
    ),
  ));

test('nothing is lost when a line is wrapped, and what is piped on is not wrapped', async () => {
  const words = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
  const wrapped = await pageOf([{ text: words }], { columns: 60, colour: false });
  assert.ok(wrapped.length > 5);
  assert.equal(wrapped.map((line) => line.trim()).join(' '), words);
  assert.deepEqual(await pageOf([{ text: words }]), [words]);
});

test('a long line of a hostile log is wrapped in linear time', async () => {
  const lines = await pageOf([{ text: 'x'.repeat(2_000_000) }], { columns: 80, colour: false });
  assert.equal(lines.length, 25_000);
});

test('there is colour on a terminal that wants it only', () => {
  assert.deepEqual(screenOf({ isTTY: true, columns: 100 }, {}), { columns: 100, colour: true });
  assert.deepEqual(screenOf({ isTTY: true }, { NO_COLOR: '1' }), { columns: 80, colour: false });
  assert.equal(screenOf({ isTTY: true }, { TERM: 'dumb' }).colour, false);
  assert.deepEqual(screenOf({ columns: 100 }, {}), { columns: undefined, colour: false });
});

test('W09 JSON for programs reads back as it was, and does not steer a terminal on its way', () => {
  const value = {
    a: ['\u001b[2J', '\u009b31m\u202e', { b: null, c: 1n, d: undefined }],
    e: [],
    f: {},
    g: true,
    h: [1, 2],
  };
  const text = [...jsonChunks(value)].join('');
  assert.doesNotMatch(text.replaceAll('\n', ''), unfit);
  assert.deepEqual(JSON.parse(text), {
    a: ['\u001b[2J', '\u009b31m\u202e', { b: null, c: '1' }],
    e: [],
    f: {},
    g: true,
    h: [1, 2],
  });
});

test('JSON of any plain data is what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value));
      assert.deepEqual(JSON.parse([...jsonChunks(plain)].join('')), plain);
    }),
  );
});
