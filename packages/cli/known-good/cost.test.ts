// Whoever makes a package may choose what is dear to read: no reader's work may grow faster than what it reads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { AssayError } from '@assay/core';
import { buildPe } from '@assay/measurement/testing';
import { ByteSource } from './archive/byte-source.ts';
import { readCpio } from './archive/cpio.ts';
import { bootParts } from './boot-file.ts';
import { looksLikeList, valuesOfList } from './list.ts';
import { valuesOfPackage } from './package.ts';
import { buildAr, buildTar, cpioEntry } from './testing/index.ts';

type Work = () => unknown;

/** Time of the processor: what else the machine does does not count. */
async function costMs(work: Work): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Four times the input: 16 times the work would be its square, and 8 times is a lot for what is linear. */
async function assertLinear(n: number, of: (n: number) => Work): Promise<void> {
  const [one, four] = [of(n), of(4 * n)];
  await one(); // so that it is compiled
  const cost = await costMs(one);
  const more = await costMs(four);
  assert.ok(more < 8 * cost + 150, `${cost} ms for ${n}, ${more} ms for four times as much`);
}

async function* pieces(bytes: Uint8Array) {
  yield bytes;
}

function debOf(control: string, files: Parameters<typeof buildTar>[0]): Buffer {
  return buildAr({
    'debian-binary': Buffer.from('2.0\n'),
    'control.tar.gz': gzipSync(buildTar([{ name: './control', data: control }])),
    'data.tar.gz': gzipSync(buildTar(files)),
  });
}

const program = { name: './usr/bin/x', data: '#!/bin/sh', mode: 0o755 };

test('fields of a Debian package are read whatever their case, with blanks around them', async () => {
  const deb = debOf('packAGE:\t a \t\r\nXVersion: 0\nVersion: 1 2  \nMaintainer:  M  <m@example.org>\n', [program]);
  const [value] = await valuesOfPackage(pieces(deb), deb.length, 'x.deb');
  assert.deepEqual([value?.name, value?.version, value?.vendor], ['a', '1 2', 'M']);
});

test('each name of a file in an RPM package comes once its content does', async () => {
  const links = ['./a', './b'].map((name) => cpioEntry({ name, links: 3, inode: 1 }));
  const cpio = Buffer.concat([
    ...links,
    cpioEntry({ name: './c', links: 3, inode: 1, data: 'x' }),
    cpioEntry({ name: 'TRAILER!!!' }),
  ]);
  const entries = await Array.fromAsync(readCpio(new ByteSource(pieces(cpio), 'x')));
  assert.deepEqual(
    entries.map((entry) => [entry.kind, entry.path, entry.kind === 'link' ? entry.target : '']),
    [
      ['file', '/c', ''],
      ['link', '/a', '/c'],
      ['link', '/b', '/c'],
    ],
  );
});

test('many kernels in one package cost no more than their number', async () => {
  await assertLinear(6_000, (n) => {
    const kernels = Array.from({ length: n }, (_, i) => ({ name: `./boot/vmlinuz-${i}`, data: `${i}` }));
    const deb = debOf('Package: a\nVersion: 1\n', kernels);
    return () => valuesOfPackage(pieces(deb), deb.length, 'x.deb', { files: false });
  });
});

for (const [what, run] of [
  ['blanks', ' '],
  ['NULs', '\0'],
  ['wide blanks', '\u2003'],
] as const)
  test(`a run of ${what} within the command line of a unified kernel costs no more than its length`, async () => {
    await assertLinear(6_000, (n) => {
      const words = Buffer.from(`a${run.repeat(n)}b`);
      const image = buildPe({ sections: { '.linux': Buffer.from('x'), '.cmdline': words } });
      return () => bootParts('unified kernel', image, 'x.efi');
    });
  });

test('what stands at the end of a command line is left out, whatever kind of blank it is', () => {
  const digestOf = (words: string) => {
    const sections = { '.linux': Buffer.from('x'), '.cmdline': Buffer.from(words) };
    const measurements = bootParts('unified kernel', buildPe({ sections }), 'x.efi').flatMap(
      (part) => part.measurements,
    );
    return measurements.find(({ claim }) => claim === 'kernel command line')?.digests['sha256'];
  };
  for (const end of ['\0', ' \t\r\n\v\f', '\0 \0\u00a0\u2003\u2028\ufeff\0'])
    assert.equal(digestOf(`a b${end}`), digestOf('a b'));
  assert.notEqual(digestOf('a b\x01'), digestOf('a b'));
  assert.equal(digestOf('\0 '), digestOf(''));
});

const digest = 'ab'.repeat(32);
const read = (text: string) => {
  try {
    return valuesOfList(Buffer.from(text), 'list', digest, {});
  } catch (error) {
    if (error instanceof AssayError) return [];
    throw error;
  }
};
const lists: Record<string, (n: number) => string> = {
  'CSV with a quoted field': (n) => `sha256,path\n${digest},"/${'x'.repeat(n)}"\n`,
  'CSV with quotes in a field': (n) => `sha256,path\n${digest},"/${'""'.repeat(n)}"\n`,
  'CSV with a quote that does not end': (n) => `sha256,path\n${digest},"${'""x'.repeat(n)}\n`,
  'CSV with many fields': (n) => `sha256${','.repeat(n)}\n`,
  'CSV with a digest that is none': (n) => `sha256,path\n${'ab'.repeat(n)},/x\n`,
  'CSV with carriage returns': (n) => `sha256,path\n${'\r'.repeat(n)}x`,
  'sums with a path that ends many times': (n) => `SHA256 (${') = a'.repeat(n)}z\n`,
  'sums with a digest that is none': (n) => `SHA256 (/x) = ${'ab'.repeat(n)}\n`,
  'sums with backslashes': (n) => `\\${digest}  /${'\\\\'.repeat(n)}\n`,
  'JSON with a digest that is none': (n) => JSON.stringify([{ path: '/x', sha256: 'ab'.repeat(n) }]),
  'JSON in JSON': (n) => `${'['.repeat(n)}${']'.repeat(n)}`,
};
for (const [what, text] of Object.entries(lists))
  test(`${what} costs no more than its length`, async () => {
    await assertLinear(100_000, (n) => {
      const list = text(n);
      return () => read(list);
    });
  });

test('a field or a digest of millions of characters is read or refused as any other', () => {
  const long = 8_000_000;
  const rows = `sha256,claim,description\n${digest},kernel image,"${'x""'.repeat(long)}"\n`;
  const [value] = valuesOfList(Buffer.from(rows), 'list', digest, {});
  const [one] = value?.content.form === 'measurements' ? value.content.measurements : [];
  assert.equal(one?.description, 'x"'.repeat(500));
  for (const text of [`sha256\n${'ab'.repeat(long)}\n`, `sha256,path\n${digest},"${'x'.repeat(2 * long)}`])
    assert.throws(() => valuesOfList(Buffer.from(text), 'list', digest, {}), { code: 'list-line' });
});

test('whether a text is a list is soon told', async () => {
  for (const text of [',', ',sha256x', ' ', 'sha25 '])
    await assertLinear(20_000, (n) => {
      const head = Buffer.from(text.repeat(n));
      return () => looksLikeList(head);
    });
  assert.ok(looksLikeList(Buffer.from('\npath,SHA256\n')) && looksLikeList(Buffer.from('path,x-sha384,y\n')));
  assert.ok(!looksLikeList(Buffer.from('path,\nsha256\n')));
});
