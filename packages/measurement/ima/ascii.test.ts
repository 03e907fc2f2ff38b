import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ImaEntry, type ImaTemplate, readImaList } from '../index.ts';
import { buildIma, honestIma, type ImaWish, modernTemplates } from '../testing/index.ts';
import { imaListFromAscii, isAsciiImaList } from './ascii.ts';

const entriesOf = (bytes: Uint8Array): ImaEntry[] => [...readImaList(bytes)];
const ascii = (text: string) => imaListFromAscii(Buffer.from(text, 'latin1'));

/** As the kernel prints a list (ima_ascii_measurements_show): every field behind a space, an empty one too. */
const printed = (bytes: Uint8Array): string =>
  entriesOf(bytes)
    .map(({ pcr, template, templateDigest, fields }) => {
      const { digest, path, signature, buffer, modsig } = fields as NonNullable<ImaEntry['fields']>;
      const type = digest.type ? `${digest.type}:` : '';
      const words = [
        template === 'ima'
          ? (digest.value?.toHex() ?? '')
          : `${type}${digest.algorithm}:${digest.value?.toHex() ?? ''}`,
        path,
        ...(template.startsWith('ima-sig') || template === 'ima-modsig' ? [signature?.toHex() ?? ''] : []),
        ...(template === 'ima-buf' ? [buffer?.toHex() ?? ''] : []),
        ...(template === 'ima-modsig'
          ? [
              modsig ? `${modsig.digest.algorithm}:${modsig.digest.value?.toHex() ?? ''}` : '',
              modsig?.signature?.toHex() ?? '',
            ]
          : []),
      ];
      return `${String(pcr).padStart(2)} ${templateDigest?.toHex() ?? ''} ${template} ${words.join(' ')}\n`;
    })
    .join('');

for (const template of [...modernTemplates, 'ima'] as ImaTemplate[])
  test(`text in ${template} is the binary list it was printed from`, () => {
    const wishes = [...honestIma(template, 4), { template, path: '/var/log/x', violation: true } as ImaWish];
    const bytes = buildIma(wishes);
    const text = printed(bytes);
    assert.ok(isAsciiImaList(Buffer.from(text)));
    assert.deepEqual(ascii(text), { bytes, broken: [] });
    assert.deepEqual(ascii(text.trimEnd()).bytes, bytes); // as pasted from a terminal
  });

test('a binary list is not taken for text', () => {
  assert.equal(isAsciiImaList(buildIma(honestIma())), false);
  assert.equal(isAsciiImaList(new Uint8Array()), false);
});

test('I04 text is split from its fixed fields, so that no path ends an entry or hides one', () => {
  const paths = [
    '/a b',
    '/a  b ',
    '/line\nbreak',
    '/three\nline\n\nbreaks',
    '/ 0302',
    '/x 10 00 ima-ng sha256:00 /y',
    '/\tx',
  ];
  for (const template of modernTemplates) {
    const wishes = paths.map(
      (path): ImaWish => ({ template, path, ...(template === 'ima-buf' ? { buffer: Buffer.from('k') } : {}) }),
    );
    const bytes = buildIma([...honestIma(template, 1), ...wishes]);
    assert.deepEqual(ascii(printed(bytes)), { bytes, broken: [] });
  }
  // A path that looks like the next entry, which no kernel lets a path do, is two entries of which the template digest of one is wrong.
  const forged = `/x\n10 ${'0a'.repeat(20)} ima-ng sha256:${'00'.repeat(32)} /y`;
  const read = entriesOf(ascii(printed(buildIma([...honestIma('ima-ng', 0), { path: forged }]))).bytes);
  assert.deepEqual(
    read.map(({ problems }) => problems.map(({ code }) => code)),
    [[], ['template-digest'], ['template-digest']],
  );
});

test('lines that are no entries are left out and named, and the others stay', () => {
  const bytes = buildIma(honestIma('ima-sig', 3));
  const [first = '', ...others] = printed(bytes).split(/(?<=\n)/);
  const { broken, bytes: read } = ascii(`PCR template-hash\n${first}# a comment\n${others.join('')}`);
  assert.deepEqual(read, bytes);
  assert.deepEqual(
    broken.map(({ line }) => line),
    [1, 3],
  );
  const digest = `10 ${'0a'.repeat(20)}`;
  for (const line of [
    `${digest} ima-ng sha256:xyz /x`,
    `${digest} ima-ng sha256:0 /x`,
    `${digest} ima-sig sha256:${'00'.repeat(32)} /x 03z2`,
    `${digest} ima abcd /x`,
    `4294967296 ${'0a'.repeat(20)} ima-ng sha256:${'00'.repeat(32)} /x`,
  ])
    assert.equal(ascii(line).broken.length, 1, line);
  assert.equal(ascii('x\n'.repeat(5000)).broken.length, 100);
});

test('a template the kernel does not have keeps its text', () => {
  const [entry] = entriesOf(ascii(`10 ${'0a'.repeat(20)} evm-sig sha256:00 /x y\n`).bytes);
  assert.equal(entry?.template, 'evm-sig');
  assert.equal(Buffer.from(entry?.data ?? []).toString(), 'sha256:00 /x y');
});

test('no text makes the reader fail, and nothing but entries comes out', () => {
  const text = printed(buildIma(modernTemplates.flatMap((template) => honestIma(template, 1))));
  const sane = (bytes: Uint8Array) => {
    const list = readImaList(imaListFromAscii(bytes).bytes);
    let next = list.next();
    while (!next.done) next = list.next();
    assert.equal(next.value, undefined); // not cut
  };
  fc.assert(
    fc.property(fc.nat(text.length), fc.string({ maxLength: 30 }), fc.nat(60), (at, put, gone) =>
      sane(Buffer.from(text.slice(0, at) + put + text.slice(at + gone), 'latin1')),
    ),
    { numRuns: 300 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), sane));
});
