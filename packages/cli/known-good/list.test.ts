import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { check, ReferenceRequest } from '@assay/protocol';
import fc from 'fast-check';
import { looksLikeList, readList, valuesOfList } from './list.ts';
import type { ListOptions } from './options.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const [a, b] = [sha256('a'), sha256('b')];
const read = (text: string, options: ListOptions = {}) =>
  valuesOfList(Buffer.from(text), 'list', sha256(text), options);
const filesOf = (text: string, options?: ListOptions) =>
  read(text, options).flatMap(({ content }) => (content.form === 'files' ? content.files : []));
const measuredOf = (text: string, options?: ListOptions) =>
  read(text, options).flatMap(({ component, content }) =>
    content.form === 'measurements' ? content.measurements.map((one) => ({ component, ...one })) : [],
  );

test('the output of sha256sum is an allow list, by path', () => {
  const text = `${a}  /usr/bin/a\n${b} */usr/bin/b\n\n`;
  assert.deepEqual(filesOf(text), [
    { path: '/usr/bin/a', digests: { sha256: a } },
    { path: '/usr/bin/b', digests: { sha256: b } },
  ]);
  const values = read(text, { name: 'tools', version: '1' });
  check(ReferenceRequest, { values }, 'values');
  assert.deepEqual([values[0]?.name, values[0]?.version, values[0]?.component], ['tools', '1', 'operating_system']);
  assert.deepEqual(values[0]?.source, { kind: 'list', name: 'list', sha256: sha256(text) });
});

test('names are read back as sha256sum writes them, in both of its ways', () => {
  for (const args of [[], ['--tag']])
    for (const name of ['plain', 'with  blanks ', 'new\nline', 'back\\slash', 'c\rr']) {
      const script = 'cd "$(mktemp -d)" && printf a >"$1" && sha256sum $2 -- "$PWD/$1"; rm -rf "$PWD"';
      const text = execFileSync('sh', ['-c', script, 'sh', name, ...args], { encoding: 'utf8' });
      const [file] = filesOf(text);
      assert.ok(file?.path.endsWith(`/${name}`), JSON.stringify([text, file]));
      assert.equal(file?.digests['sha256'], a);
    }
});

test('with a claim the digests are measurements of it, of the component it belongs to', () => {
  const list = `${a}  boot\n${b}  normal\n`;
  assert.deepEqual(measuredOf(list, { claim: 'boot loader command' }), [
    { component: 'boot_loader', claim: 'boot loader command', digests: { sha256: a }, description: 'boot' },
    { component: 'boot_loader', claim: 'boot loader command', digests: { sha256: b }, description: 'normal' },
  ]);
  assert.equal(measuredOf(list, { claim: 'firmware code', component: 'bmc' })[0]?.component, 'bmc');
  assert.equal(measuredOf(list, { claim: 'secure boot db' })[0]?.component, 'firmware');
  assert.throws(() => read(list, { claim: 'kernel imag' }), { name: 'AssayError', code: 'claim-component' });
});

test('CSV has a header, quotes where they are needed, and both forms at once', () => {
  const text = `claim,sha256,sha384,description,path,component\r\n"kernel image",${a},${'c'.repeat(96)},"6.1, ""signed""",,\r\n,${b.toUpperCase()},,,/usr/bin/b,\r\n`;
  assert.deepEqual(measuredOf(text), [
    {
      component: 'hypervisor',
      claim: 'kernel image',
      digests: { sha256: a, sha384: 'c'.repeat(96) },
      description: '6.1, "signed"',
    },
  ]);
  assert.deepEqual(filesOf(text), [{ path: '/usr/bin/b', digests: { sha256: b } }]);
});

test('JSON has rows like those of CSV', () => {
  const rows = [
    { claim: 'initrd', sha256: a, component: 'operating_system' },
    { path: '/usr/bin/b', sha256: b },
  ];
  assert.equal(measuredOf(JSON.stringify(rows))[0]?.digests['sha256'], a);
  assert.deepEqual(filesOf(JSON.stringify(rows)), [{ path: '/usr/bin/b', digests: { sha256: b } }]);
});

test('what is there twice is there once, and the order of a list makes no other value', () => {
  const lines = [`${a}  /usr/bin/a`, `${b}  /usr/bin/b`, `${a}  /usr/bin/a`];
  assert.deepEqual(filesOf(lines.join('\n')), filesOf(lines.toReversed().join('\n')));
  assert.equal(filesOf(lines.join('\n')).length, 2);
});

const refused: [string, string, string, string][] = [
  ['a line that is none', `${a}  /a\nwhat is this\n`, 'list-line', 'list line 2'],
  ['a relative path', `${a}  /a\n${b}  ./b\n`, 'list-line', 'list line 2'],
  ['a path that leads up', `${a}  /a/../b\n`, 'list-line', 'list line 1'],
  ['a digest of no known length', `${a}  /a\n${b}ff  /b\n`, 'list-line', 'list line 2'],
  ['an escape that is none', `\\${a}  /a\\x\n`, 'list-line', 'list line 1'],
  ['CSV without digests', 'path,size\n/a,1\n', 'list-line', 'list line 1'],
  ['CSV with a column nobody knows', 'path,sha256,colour\n', 'list-line', 'list line 1'],
  ['CSV with a column twice', 'sha256,sha256\n', 'list-line', 'list line 1'],
  ['CSV with too few fields', `path,sha256\n/a,${a}\n/b\n`, 'list-line', 'list line 3'],
  ['CSV with a digest of another kind', `path,sha384\n/a,${a}\n`, 'list-line', 'list line 2'],
  ['CSV with a row without one', `path,sha256\n\n/a,\n`, 'list-line', 'list line 3'],
  ['CSV with a quote inside', `path,sha256\n/a"b,${a}\n`, 'list-line', 'list line 2'],
  ['CSV with a quote that does not end', `path,sha256\n"/a,${a}\n`, 'list-line', 'list line 2'],
  ['CSV with a header alone', 'path,sha256\n', 'list-empty', 'list'],
  ['JSON that ends early', `[{"path": "/a",\n "sha256": `, 'list-line', ''],
  ['JSON of another kind', '{"path": "/a"}', 'list-kind', 'list'],
  ['JSON with a number for a digest', '[{"path": "/a", "sha256": 1}]', 'list-line', 'list[0].sha256'],
  ['JSON with a field nobody knows', `[{"path": "/a", "sha256": "${a}", "x": 1}]`, 'list-line', 'list[0]'],
  ['JSON without a digest', '[{"path": "/a"}]', 'list-line', 'list[0]'],
  ['JSON of nothing', '[]', 'list-empty', 'list'],
  ['nothing', '', 'list-empty', 'list'],
];
for (const [name, text, code, where] of refused)
  test(`refused: ${name}`, () => {
    assert.throws(
      () => read(text),
      (error) =>
        error instanceof AssayError &&
        error.code === code &&
        (where === '' || error.where.replace(' [', '[') === where),
    );
  });

test('a list is read from standard input, and binary is none', async () => {
  const [value] = await readList('-', { stdin: Readable.from([Buffer.from(`${a}  /a\n`)]) });
  assert.equal(value?.source.name, 'standard input');
  assert.throws(() => valuesOfList(Buffer.from([0xff, 0xfe, 0]), 'list', a, {}), { code: 'list-kind' });
});

test('a list is told from other files by how it begins', () => {
  for (const text of [
    `${a}  x\n`,
    `SHA256 (x) = ${a}\n`,
    'path,sha256\n',
    'claim,sha384,description\n',
    '[{',
    '{"values":',
  ])
    assert.ok(looksLikeList(Buffer.from(text)), text);
  for (const text of ['set timeout=0\n', 'sha256 is a hash\n', '\x7fELF', ''])
    assert.ok(!looksLikeList(Buffer.from(text)), text);
});

test('any text is a list or an AssayError', () => {
  const seeds = [`${a}  /a\n`, `path,sha256\n/a,${a}\n`, `[{"path":"/a","sha256":"${a}"}]`, `\\${a}  /a\\n\n`];
  const change = fc.tuple(fc.nat(200), fc.string({ maxLength: 3 }));
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(change, { maxLength: 4 }), (seed, changes) => {
      let text = seed;
      for (const [at, put] of changes) text = text.slice(0, at) + put + text.slice(at + put.length);
      try {
        const values = read(text);
        check(ReferenceRequest, { values }, 'values');
      } catch (error) {
        assert.ok(error instanceof AssayError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
