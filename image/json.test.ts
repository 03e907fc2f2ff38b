import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';

const script = fileURLToPath(new URL('rootfs/etc/assay/json.awk', import.meta.url));
/** The busybox whose awk the guest has. */
function awk(json: string): { status: number | null; lines: string[] } {
  const { status, stdout } = spawnSync('busybox', ['awk', '-f', script], { input: json, encoding: 'utf8' });
  return { status, lines: stdout.split('\n').slice(0, -1) };
}

/** What the script should print: from JavaScript's own reading. */
function linesOf(value: unknown, path = '', inside = false): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}\t${text(value)}`];
  return Object.entries(value).flatMap(([key, part]) => {
    const name = text(key).replaceAll('/', '\\/');
    return linesOf(part, inside ? `${path}/${name}` : name, true);
  });
}
const text = (value: unknown) =>
  typeof value === 'string'
    ? [...value].map((one) => (one === '"' ? one : JSON.stringify(one).slice(1, -1))).join('')
    : JSON.stringify(value);

test('a document is read as JavaScript reads it', () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: 'grapheme' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(true, false, null),
      tie('list'),
      tie('record'),
    ),
    list: fc.array(tie('value'), { maxLength: 3 }),
    // Keys that are numbers would come in another order.
    record: fc.dictionary(
      fc.string({ unit: fc.constantFrom('a', '/', '\\', '"', '\t', '\n', 'ü', '') }),
      tie('value'),
      { maxKeys: 3, noNullPrototype: true },
    ),
  }));
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1), (document, indent) => {
      const got = awk(JSON.stringify(document, undefined, indent));
      assert.deepEqual(got, { status: 0, lines: linesOf(document) });
    }),
    { numRuns: 100 },
  );
});

test('what a tenant writes cannot pass for another key or line', () => {
  const document = {
    meta: { uuid: '1', '/uuid': '2', 'a\nuuid\tx': '3\nuuid\t4', '': '5' },
    '': { uuid: '6' },
    uuid: '7',
  };
  const { lines } = awk(JSON.stringify(document));
  assert.deepEqual(
    lines.filter((line) => line.startsWith('uuid\t')),
    ['uuid\t7'],
  );
  assert.equal(lines.length, 6);
});

test('printable characters lose their escapes, others keep them', () => {
  assert.deepEqual(awk('{"a": "\\u003c\\u0041\\/\\"\\u00e9\\u000a\\\\"}').lines, ['a\t<A/"\\u00e9\\u000a\\\\']);
});

test('what is not JSON is refused, and so is JSON cut short anywhere', () => {
  for (const wrong of [
    '{]',
    '{"a":}',
    '{"a":1}x',
    '[1,]',
    '{"a":01}',
    '"\\q"',
    '{a:1}',
    "{'a':1}",
    '"a\nb"',
    'nul',
    '+1',
  ])
    assert.equal(awk(wrong).status, 1, wrong);
  const whole = '{"a": ["b", {"c": "\\u0041"}], "d": null}';
  for (let length = 0; length < whole.length; length++)
    assert.equal(awk(whole.slice(0, length)).status, 1, whole.slice(0, length));
});
