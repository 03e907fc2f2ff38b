// Patterns of a policy, against a slow and simple reading of the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Glob, type GlobKind } from './glob.ts';

const fits = (pattern: string, kind: GlobKind, text: string) => new Glob(pattern, kind).matches(text);

/** The same as a regular expression. */
function slowly(pattern: string, kind: GlobKind, text: string): boolean {
  const star = { path: '[^/]*', line: '[^ \\t\\n\\v\\f\\r\\u00a0"\'\\\\]*', word: '[^]*' }[kind];
  const source = pattern.replace(/\*+|[^*]+/g, (part) =>
    part.startsWith('*') ? (kind === 'path' && part.length > 1 ? '[^]*' : star) : part.replace(/[^\w]/g, '\\$&'),
  );
  return new RegExp(`^${source}$`).test(text);
}

test('a star of a path stops at a slash, two do not', () => {
  assert.ok(fits('/var/log/*', 'path', '/var/log/syslog'));
  assert.ok(!fits('/var/log/*', 'path', '/var/log/apt/term.log'));
  assert.ok(fits('/var/log/**', 'path', '/var/log/apt/term.log'));
  assert.ok(!fits('/var/log/**', 'path', '/var/logs'));
  assert.ok(fits('/srv/**/.cache/*', 'path', '/srv/a/b/.cache/c'));
  assert.ok(!fits('/usr/bin/tru', 'path', '/usr/bin/true'));
  assert.ok(!fits('/usr/bin/true', 'path', '/usr/bin/tru'));
});

test('a star of a line stops at a blank, one of a word does not', () => {
  assert.ok(fits('root=* ro', 'line', 'root=UUID=1 ro'));
  assert.ok(!fits('root=* ro', 'line', 'root=UUID=1 init=/bin/sh ro'));
  assert.ok(!fits('root=** ro', 'line', 'root=UUID=1 init=/bin/sh ro'));
  for (const char of ['\u00a0', '\t', '"', "'", '\\'])
    assert.ok(!fits('root=*', 'line', `root=1${char}x`), JSON.stringify(char));
  assert.ok(fits('init=*', 'word', 'init=/bin/sh -c x'));
  assert.ok(!fits('init=*', 'word', 'rdinit=/x'));
});

const alphabet = fc.constantFrom('a', 'b', '/', ' ', '*', '.', '\n', '\u00a0', '"');
const text = fc.string({ unit: alphabet, maxLength: 12 });
const kind = fc.constantFrom<GlobKind>('path', 'line', 'word');

test('a pattern fits what the same regular expression fits', () => {
  fc.assert(
    fc.property(text, kind, text, (pattern, of, seen) => {
      assert.equal(fits(pattern, of, seen), slowly(pattern, of, seen));
    }),
    { numRuns: 5000 },
  );
});

test('two patterns meet when some text fits both', () => {
  const meet = (a: string, b: string) => new Glob(a, 'path').meets(new Glob(b, 'path'));
  assert.ok(meet('/usr/**', '/usr/bin/*'));
  assert.ok(meet('**/x*', '/usr/bin/*'));
  assert.ok(meet('/usr/bin/*log*', '/usr/bin/**'));
  assert.ok(!meet('/var/**', '/usr/bin/**'));
  assert.ok(!meet('/usr/*', '/usr/bin/x'));
  fc.assert(
    fc.property(text, text, text, (a, b, seen) => {
      if (fits(a, 'path', seen) && fits(b, 'path', seen)) assert.ok(meet(a, b));
      assert.equal(meet(a, b), meet(b, a));
    }),
    { numRuns: 5000 },
  );
  assert.ok(meet('*a*', 'ba'), 'and says no where none does');
  assert.ok(!meet('*a', '*b'));
});

test('no pattern and no path take long', () => {
  const started = performance.now();
  assert.ok(!fits(`${'**a'.repeat(30)}b`, 'path', '/a'.repeat(2000)));
  assert.ok(performance.now() - started < 2000);
});

test('a pattern of many characters fits as a short one does', () => {
  for (const length of [30, 31, 32, 33, 63, 64, 65, 200]) {
    const whole = 'ab'.repeat(length).slice(0, length);
    for (const pattern of [whole, `*${whole}`, `${whole}*`, `**/${whole}`, `${whole.slice(0, 9)}*${whole.slice(20)}`])
      for (const seen of [whole, `/${whole}`, `${whole}a`, `x${whole}`, whole.slice(1), `${whole.slice(0, -1)}x`])
        assert.equal(fits(pattern, 'path', seen), slowly(pattern, 'path', seen), `${pattern} ${seen}`);
  }
});

test('megabytes of slashes cost milliseconds', () => {
  const globs = ['**/*.log', '**/cache/**', '/var/**/a/**/b'].map((pattern) => new Glob(pattern, 'path'));
  const path = `/var/log/${'a/'.repeat(1_000_000)}`;
  const started = performance.now();
  assert.deepEqual(
    globs.map((glob) => glob.matches(path)),
    [false, false, false],
  );
  assert.ok(performance.now() - started < 1500, 'a set for every character took seconds');
});
