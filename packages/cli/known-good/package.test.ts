import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { AssayError } from '@assay/core';
import { authenticodeDigest, readPe } from '@assay/measurement';
import { buildPe } from '@assay/measurement/testing';
import { check, type NewReferenceValue, ReferenceRequest } from '@assay/protocol';
import fc from 'fast-check';
import { ByteSource } from './archive/byte-source.ts';
import { readCpio } from './archive/cpio.ts';
import { readPackage, valuesOfPackage } from './package.ts';
import { buildAr, buildDeb, buildRpm, buildTar, control, cpioEntry, type TarWish } from './testing/index.ts';

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');
const folderOf = (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-known-good-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
};
const onDisk = (t: TestContext, bytes: Uint8Array, name = 'some.deb') => {
  const path = join(folderOf(t), name);
  writeFileSync(path, bytes);
  return path;
};
const measured = (values: readonly NewReferenceValue[]) =>
  values.flatMap(({ component, content }) =>
    content.form === 'measurements' ? content.measurements.map((one) => ({ component, ...one })) : [],
  );
const listed = (values: readonly NewReferenceValue[]) =>
  Object.fromEntries(
    values.flatMap(({ content }) =>
      content.form === 'files' ? content.files.map(({ path, digests }) => [path, digests['sha256']]) : [],
    ),
  );

const kernel = (() => {
  const image = buildPe({ sections: { '.text': Buffer.from('a kernel') } });
  image.write('HdrS', 0x202, 'latin1');
  return image;
})();
const shim = buildPe({ sections: { '.text': Buffer.from('shim') }, certificates: Buffer.alloc(16, 1) });
const authenticode = (file: Uint8Array) => authenticodeDigest(readPe(file, 'test'), 'sha256').toHex();
const wishes: TarWish[] = [
  { name: './', type: '5' },
  { name: './boot/vmlinuz-6.1.0-1', data: kernel },
  { name: './boot/config-6.1.0-1', data: 'CONFIG_IMA=y\n' },
  { name: './lib/modules/6.1.0-1/kernel/dummy.ko', data: '\x7fELF module' },
  { name: './usr/lib/shim/shimx64.efi.signed', data: shim },
  { name: './usr/lib/systemd/boot/efi/linuxx64.efi.stub', data: shim },
  { name: './usr/bin/tool', data: '#!/bin/sh\n', mode: 0o755 },
  { name: './usr/bin/tool-too', type: '1', link: './usr/bin/tool' },
  { name: './usr/bin/other', type: '2', link: 'tool' },
  { name: './usr/share/doc/readme', data: 'words' },
];

const packs = {
  none: { suffix: '', pack: (data: Buffer) => data },
  gzip: { suffix: '.gz', pack: (data: Buffer) => gzipSync(data) },
  zstd: { suffix: '.zst', pack: (data: Buffer) => zstdCompressSync(data) },
  xz: { suffix: '.xz', pack: (data: Buffer) => execFileSync('xz', ['-c'], { input: data }) },
};

for (const [name, how] of Object.entries(packs))
  test(`a Debian package (${name}) tells its kernel, its boot loader, and what IMA may see run`, async (t) => {
    const bytes = buildDeb(wishes, how);
    const values = await readPackage(onDisk(t, bytes));
    check(ReferenceRequest, { values }, 'values');
    assert.deepEqual(
      measured(values).map(({ component, claim, digests }) => [component, claim, digests['sha256']]),
      [
        ['hypervisor', 'kernel image', authenticode(kernel)],
        ['hypervisor', 'kernel file', sha256(kernel)],
        ['boot_loader', 'boot loader image', authenticode(shim)],
      ],
    );
    assert.deepEqual(
      measured(values).map(({ digests }) => digests['sha384']?.length),
      [96, 96, 96],
    );
    const tool = sha256('#!/bin/sh\n');
    assert.deepEqual(listed(values), {
      '/bin/tool': tool,
      '/bin/tool-too': tool,
      '/lib/modules/6.1.0-1/kernel/dummy.ko': sha256('\x7fELF module'),
      '/usr/bin/tool': tool,
      '/usr/bin/tool-too': tool,
      '/usr/lib/modules/6.1.0-1/kernel/dummy.ko': sha256('\x7fELF module'),
    });
    for (const value of values) {
      assert.deepEqual([value.vendor, value.name, value.version], ['Test Team', 'linux-image-test', '6.1.0-1']);
      assert.deepEqual(value.source, { kind: 'package', name: 'some.deb', sha256: sha256(bytes) });
    }
  });

test('files alone, no files, every file: as the operator says, and under another name', async (t) => {
  const path = onDisk(t, buildDeb(wishes));
  const forms = async (options: Parameters<typeof readPackage>[1]) =>
    (await readPackage(path, options)).map(({ content }) => content.form);
  assert.deepEqual(await forms({ files: false }), ['measurements', 'measurements']);
  assert.deepEqual(await forms({ filesOnly: true }), ['files']);
  const every = await readPackage(path, { everyFile: true, filesOnly: true, name: 'mine', vendor: undefined });
  assert.equal(listed(every)['/usr/share/doc/readme'], sha256('words'));
  assert.deepEqual([every[0]?.name, every[0]?.vendor], ['mine', 'Test Team']);
});

const rpmFiles = [
  { name: './boot/symvers', data: 'x', mode: 0o100600 },
  { name: './lib/modules/6.1.0/vmlinuz', data: kernel, mode: 0o100755 },
  { name: './usr/sbin/tool', data: '\x7fELF tool', mode: 0o100755 },
];
const rpmPacks = [
  ['gzip', (data: Buffer) => gzipSync(data)],
  ['zstd', (data: Buffer) => zstdCompressSync(data)],
  ['xz', (data: Buffer) => execFileSync('xz', ['-c'], { input: data })],
  ['lzma', (data: Buffer) => execFileSync('xz', ['-c', '--format=lzma'], { input: data })],
] as const;

for (const [compressor, pack] of rpmPacks)
  test(`an RPM package (${compressor}) tells the same`, async (t) => {
    const values = await readPackage(onDisk(t, buildRpm(rpmFiles, { compressor, pack })));
    check(ReferenceRequest, { values }, 'values');
    assert.deepEqual(
      measured(values).map(({ component, claim, digests }) => [component, claim, digests['sha256']]),
      [
        ['hypervisor', 'kernel image', authenticode(kernel)],
        ['hypervisor', 'kernel file', sha256(kernel)],
      ],
    );
    assert.equal(listed(values)['/usr/sbin/tool'], sha256('\x7fELF tool'));
    assert.deepEqual(
      [values[0]?.vendor, values[0]?.name, values[0]?.version],
      ['Test Team', 'kernel-core', '6.1.0-1.el9'],
    );
  });

test('an RPM package whose files are not those of its header is refused', async (t) => {
  const path = onDisk(t, buildRpm([{ ...rpmFiles[2]!, digest: sha256('another') }], { pack: gzipSync }));
  await assert.rejects(readPackage(path), { name: 'AssayError', code: 'package-digest' });
});

test('packages that rpmbuild and dpkg-deb made are read as rpm and dpkg unpack them', async (t) => {
  const folder = folderOf(t);
  const root = join(folder, 'root');
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  const long = `usr/bin/${'a-long-name-'.repeat(12)}`;
  const content = { 'usr/bin/tool': '#!/bin/sh\necho 1\n', [long]: '#!/bin/sh\necho 2\n' };
  for (const [path, data] of Object.entries(content)) writeFileSync(join(root, path), data, { mode: 0o755 });
  writeFileSync(join(root, 'usr/bin/link'), 'never followed');
  execFileSync('ln', ['-f', join(root, 'usr/bin/tool'), join(root, 'usr/bin/link')]);
  const expected = Object.fromEntries(
    Object.entries({ ...content, 'usr/bin/link': content['usr/bin/tool'] ?? '' }).flatMap(([path, data]) => [
      [`/${path}`, sha256(data)],
      [`/${path.slice(4)}`, sha256(data)],
    ]),
  );
  writeFileSync(join(root, 'DEBIAN/control'), `${control}Architecture: all\nDescription: test\n`);
  for (const compression of ['xz', 'gzip', 'zstd', 'none']) {
    const deb = join(folder, `${compression}.deb`);
    execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '-b', root, deb], { stdio: 'ignore' });
    assert.deepEqual(listed(await readPackage(deb)), expected, compression);
  }
  const spec = join(folder, 'test.spec');
  const files = ['/usr/bin/tool', '/usr/bin/link', `/${long}`];
  for (const payload of ['w9.gzdio', 'w6.xzdio', 'w6.zstdio', 'w6.lzdio']) {
    writeFileSync(
      spec,
      `Name: test\nVersion: 1\nRelease: 2\nEpoch: 3\nVendor: Somebody\nSummary: test\nLicense: none\nBuildArch: noarch\n%description\n%install\nmkdir -p %{buildroot}\ncp -a ${root}/usr %{buildroot}/\n%files\n${files.join('\n')}\n`,
    );
    const defines = [
      `_topdir ${folder}/rpm`,
      `_binary_payload ${payload}`,
      '_build_id_links none',
      '__os_install_post %{nil}',
    ];
    execFileSync('rpmbuild', ['-bb', ...defines.flatMap((one) => ['--define', one]), spec], { stdio: 'ignore' });
    const values = await readPackage(join(folder, 'rpm/RPMS/noarch/test-1-2.noarch.rpm'));
    assert.deepEqual(listed(values), expected, payload);
    assert.deepEqual([values[0]?.vendor, values[0]?.name, values[0]?.version], ['Somebody', 'test', '3:1-2']);
  }
});

test('of Debian’s own packages each image has the digest that its signature is over', async () => {
  const cache = process.env['ASSAY_IMAGE_CACHE'] ?? join(import.meta.dirname, '../../../image/.cache');
  const folder = join(cache, 'host');
  const debs = readdirSync(folder).filter((file) => /^(shim-signed|grub-efi-amd64-signed)_.*\.deb$/.test(file));
  assert.ok(debs.length >= 2, 'scripts/setup test fetches them');
  for (const deb of debs) {
    const all = measured(await readPackage(join(folder, deb), { files: false }));
    const images = all.filter(({ claim }) => claim === 'boot loader image');
    // MokList, MokListX, MokListTrusted: shim's own certificate and denials, and the byte 1.
    const lists = all.filter(({ claim }) => claim === 'key list of shim');
    assert.equal(lists.length, deb.startsWith('shim') ? 3 : 0, deb);
    if (lists[2]) assert.equal(lists[2].digests['sha256'], sha256('\x01'));
    const tar = execFileSync('dpkg-deb', ['--fsys-tarfile', join(folder, deb)], { maxBuffer: 64 << 20 });
    assert.ok(images.length > 0, deb);
    // The digest stands in the PKCS #7 signature at the end of the image (SpcIndirectDataContent).
    for (const { digests, description } of images)
      assert.ok(tar.includes(Buffer.from(digests['sha256'] ?? '', 'hex')), description);
  }
});

const small: TarWish[] = [{ name: './bin/x', data: '#!x', mode: 0o755 }];
const withByte = (bytes: Buffer, at: number, value: number) => Buffer.from(bytes).fill(value, at, at + 1);
const debOf = (data: Buffer) =>
  buildAr({
    'debian-binary': Buffer.from('2.0\n'),
    'control.tar': buildTar([{ name: './control', data: control }]),
    'data.tar': data,
  });
const refused: [string, Buffer, string][] = [
  ['nothing', Buffer.alloc(0), 'package-unknown'],
  ['another file', Buffer.from('PK\x03\x04 a zip archive'), 'package-unknown'],
  ['no debian-binary', buildAr({ 'control.tar': Buffer.alloc(0) }), 'package-deb'],
  ['format 3', buildAr({ 'debian-binary': Buffer.from('3.0\n') }), 'package-deb'],
  ['data before control', buildAr({ 'debian-binary': Buffer.from('2.0\n'), 'data.tar': buildTar([]) }), 'package-deb'],
  ['bzip2', buildAr({ 'debian-binary': Buffer.from('2.0\n'), 'control.tar.bz2': buildTar([]) }), 'archive-compression'],
  ['no control file', buildAr({ 'debian-binary': Buffer.from('2.0\n'), 'control.tar': buildTar([]) }), 'package-deb'],
  ['a path out of it', buildDeb([{ name: './usr/../../etc/passwd', data: '#!', mode: 0o755 }]), 'archive-path'],
  ['a link to nothing', buildDeb([{ name: './bin/x', type: '1', link: './bin/y' }]), 'archive-entry'],
  [
    'a file twice',
    buildDeb([
      { name: './bin/x', data: '#!a' },
      { name: './/bin/x', data: '#!b' },
    ]),
    'archive-entry',
  ],
  ['a sparse file', buildDeb([{ name: './bin/x', type: 'S' }]), 'archive-entry'],
  ['a folder with content', buildDeb([{ name: './bin', type: '5', data: 'x' }]), 'archive-entry'],
  ['a header with a wrong checksum', debOf(withByte(buildTar(small), 0, 0x2f)), 'archive-entry'],
  ['files behind the end', debOf(Buffer.concat([buildTar(small), buildTar(small)])), 'archive-entry'],
  ['a file longer than the archive', buildDeb([{ name: './bin/x', data: 'x', size: 99_999_999 }]), 'archive-short'],
  ['a broken kernel', buildDeb([{ name: './boot/vmlinuz-1', data: 'MZ and nothing' }]), 'wire-short'],
  ['nothing that is measured', buildDeb([{ name: './usr/share/doc/x', data: 'words' }]), 'package-empty'],
  ['no xz', buildDeb(wishes, { suffix: '.xz', pack: () => Buffer.from('no xz at all') }), 'archive-compression'],
  ['no gzip', buildDeb(wishes, { suffix: '.gz', pack: () => Buffer.from('no gzip') }), 'archive-compression'],
  ['no zstd', buildDeb(wishes, { suffix: '.zst', pack: () => Buffer.from('no zstd') }), 'archive-compression'],
  ['RPM of bzip2', buildRpm(rpmFiles, { compressor: 'bzip2' }), 'archive-compression'],
  ['RPM with a path out', buildRpm([{ name: './../etc/x', data: 'x' }], { pack: gzipSync }), 'archive-path'],
];
for (const [name, bytes, code] of refused)
  test(`refused: ${name}`, async (t) => {
    await assert.rejects(readPackage(onDisk(t, bytes)), { name: 'AssayError', code });
  });

test('what unpacks to far more than it weighs is refused before it is unpacked', async (t) => {
  const bomb = (pack: (data: Buffer) => Buffer, suffix: string) =>
    buildDeb([{ name: './usr/share/zeros', data: Buffer.alloc(80 << 20) }], { suffix, pack });
  await assert.rejects(readPackage(onDisk(t, bomb(zstdCompressSync, '.zst'))), {
    name: 'AssayError',
    code: 'archive-long',
  });
});

test('a package cut short anywhere, or with bytes changed, is read or refused, and nothing else', async (t) => {
  const path = onDisk(t, Buffer.alloc(0));
  const tried = async (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    try {
      return await readPackage(path);
    } catch (error) {
      assert.ok(error instanceof AssayError, String((error as Error).stack));
      return undefined;
    }
  };
  const seeds = [
    buildDeb(small, packs.gzip),
    buildDeb(small, packs.zstd),
    buildRpm([{ name: './bin/x', data: '#!x', mode: 0o100755 }], { pack: gzipSync }),
  ];
  for (const whole of seeds) {
    assert.ok(await tried(whole));
    for (let end = 0; end < whole.length; end++)
      assert.equal(await tried(whole.subarray(0, end)), undefined, `cut at ${end} of ${whole.length}`);
  }
  const changes = fc.array(fc.tuple(fc.nat(9999), fc.nat(255)), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...seeds, buildDeb(small)), changes, async (whole, all) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of all) bytes[at % bytes.length] = value;
      await tried(bytes);
    }),
    { numRuns: 300 },
  );
});

test('without the command xz it is said what is missing', async (t) => {
  const path = onDisk(t, buildDeb(wishes, packs.xz));
  const before = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = before;
  });
  process.env['PATH'] = folderOf(t);
  await assert.rejects(readPackage(path), { name: 'AssayError', code: 'xz-missing' });
});

test('a package that is not there, or a folder, is a file that cannot be read', async (t) => {
  await assert.rejects(readPackage(join(folderOf(t), 'none.deb')), { code: 'file-unreadable' });
  await assert.rejects(readPackage(folderOf(t)), { code: 'file-unreadable' });
  const zip = join(folderOf(t), 'x.deb');
  writeFileSync(zip, 'PK\x03\x04');
  await assert.rejects(readPackage(zip), { code: 'package-unknown', message: /package, got a zip archive$/ });
});

test('a long control field, many names of one file: read in the time of their length', async () => {
  async function* one(bytes: Uint8Array) {
    yield bytes;
  }
  const debOf = (blanks: number) =>
    buildAr({
      'debian-binary': Buffer.from('2.0\n'),
      'control.tar.gz': gzipSync(
        buildTar([{ name: './control', data: `Package: a${' '.repeat(blanks)}b\nVersion: 1\n` }]),
      ),
      'data.tar.gz': gzipSync(buildTar([{ name: './usr/bin/x', data: '#!/bin/sh', mode: 0o755 }])),
    });
  const cpioOf = (count: number) => {
    const link = cpioEntry({ name: './x', links: 2, inode: 1 });
    return Buffer.concat([...Array.from({ length: count }, () => link), cpioEntry({ name: 'TRAILER!!!' })]);
  };
  const readers: ((size: number) => Promise<unknown>)[] = [
    (size) => valuesOfPackage(one(debOf(size)), debOf(size).length, 'x.deb'),
    (size) => Array.fromAsync(readCpio(new ByteSource(one(cpioOf(size)), 'x'))),
  ];
  for (const read of readers) {
    const took = async (size: number) => {
      const began = performance.now();
      await read(size).catch((error) => assert.ok(error instanceof AssayError, String(error)));
      return performance.now() - began;
    };
    await took(1_000);
    const [short, long] = [await took(10_000), await took(40_000)];
    assert.ok(long < 9 * short + 200, `${long} ms for four times what takes ${short} ms`);
  }
});
