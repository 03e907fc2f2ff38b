import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { authenticodeDigest, parseEventLog, readPe } from '@assay/measurement';
import { buildPe } from '@assay/measurement/testing';
import { check, type NewReferenceValue, ReferenceRequest } from '@assay/protocol';
import { readFiles } from './files.ts';
import { kindOf } from './kind.ts';
import { buildCpio, buildDeb } from './testing/index.ts';
import { readTree } from './tree.ts';

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');
const folderOf = (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-files-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
};
const kernel = buildPe({ sections: { '.text': Buffer.from('a kernel') } });
kernel.write('HdrS', 0x202, 'latin1');
const loader = buildPe({ sections: { '.text': Buffer.from('a loader') } });
const initrd = gzipSync(buildCpio([{ name: 'init', data: '#!' }]));
const measured = (values: readonly NewReferenceValue[]) =>
  values.flatMap(({ component, content }) =>
    content.form === 'measurements'
      ? content.measurements.map(({ claim, digests }) => [component, claim, digests['sha256']])
      : [],
  );
const authenticode = (file: Uint8Array) => authenticodeDigest(readPe(file, 'test'), 'sha256').toHex();

test('kernel, initrd and EFI application tell by themselves what they are measured as', async (t) => {
  const folder = folderOf(t);
  const paths = Object.entries({ a: kernel, b: initrd, c: loader }).map(([name, bytes]) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  });
  const values = await readFiles(paths, { version: '1' });
  check(ReferenceRequest, { values }, 'values');
  assert.deepEqual(measured(values), [
    ['hypervisor', 'kernel image', authenticode(kernel)],
    ['hypervisor', 'kernel file', sha256(kernel)],
    ['operating_system', 'initrd file', sha256(initrd)],
    ['operating_system', 'initrd', sha256(initrd)],
    ['boot_loader', 'boot loader image', authenticode(loader)],
  ]);
  assert.deepEqual(values[0]?.source, { kind: 'file', name: paths[0], sha256: sha256(kernel) });
  assert.deepEqual([values[0]?.name, values[0]?.version], ['a', '1']);
});

test('anything else wants a claim', async (t) => {
  const path = join(folderOf(t), 'grub.cfg');
  writeFileSync(path, 'boot\n');
  await assert.rejects(readFiles([path]), { code: 'file-kind' });
  assert.deepEqual(measured(await readFiles([path], { claim: 'file of the boot loader' })), [
    ['boot_loader', 'file of the boot loader', sha256('boot\n')],
  ]);
  await assert.rejects(readFiles([path], { claim: 'what' }), { code: 'claim-component' });
  await assert.rejects(readFiles([`${path}.none`]), { code: 'file-unreadable' });
});

test('of a folder what boots is taken, by content and, of what is packed, by name', async (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'efi'));
  writeFileSync(join(folder, 'vmlinuz'), kernel);
  writeFileSync(join(folder, 'initrd.img'), initrd);
  writeFileSync(join(folder, 'changelog.gz'), initrd);
  writeFileSync(join(folder, 'efi/x.efi'), loader);
  symlinkSync('vmlinuz', join(folder, 'link'));
  assert.deepEqual(
    measured(await readFiles([folder]))
      .map(([, claim]) => claim)
      .sort(),
    ['boot loader image', 'initrd', 'initrd file', 'kernel file', 'kernel image'],
  );
  writeFileSync(join(folder, 'a.deb'), buildDeb([]));
  writeFileSync(join(folder, 'sums'), `${sha256('a')}  /a\n`);
  writeFileSync(join(folder, 'README'), 'read me');
  const leftOut: [string, string][] = [];
  await readFiles([folder], { leaveOut: ({ path, why }) => leftOut.push([basename(path), why]) });
  assert.deepEqual(Object.fromEntries(leftOut), {
    'changelog.gz': 'packed as an initrd is, without initrd or initramfs in the name',
    link: 'links, which are not followed',
    'a.deb': 'packages: assay reference import-package takes them',
    sums: 'lists or exports, which are taken only by name',
    README: 'no kernel, no initrd, no EFI application',
  });
  await assert.rejects(readFiles([folder], { claim: 'initrd' }), { code: 'file-kind' });
  const empty = folderOf(t);
  await assert.rejects(readFiles([empty]), { code: 'file-kind' });
});

test('a unified kernel tells its sections as systemd-stub measures them', async (t) => {
  const parts = {
    '.linux': kernel,
    '.osrel': Buffer.from('ID=debian\nPRETTY_NAME="Debian"\nVERSION_ID=12\n'),
    '.cmdline': Buffer.from('console=ttyS0 quiet'),
  };
  const image = buildPe({ sections: { '.text': Buffer.from('stub'), ...parts, '.initrd': initrd } });
  const path = join(folderOf(t), 'host.efi');
  writeFileSync(path, image);
  const found = measured(await readFiles([path]));
  const has = (component: string, claim: string, digest: string | undefined) =>
    assert.ok(
      found.some((one) => one.join() === [component, claim, digest].join()),
      `${claim} ${digest}`,
    );
  for (const digest of [authenticode(image), authenticode(kernel), sha256(kernel)])
    has('hypervisor', 'kernel image', digest);
  has('operating_system', 'initrd', sha256(initrd));
  // As a real machine measured the same words: test/corpus/boots/unified-kernel.
  const log = readFileSync(join(import.meta.dirname, '../../../test/corpus/boots/unified-kernel/event-log.bin'));
  const { events } = parseEventLog(log);
  const recorded = (index: number) => events[index]?.digests.sha256?.toHex();
  for (const index of [26, 28, 30, 32]) has('hypervisor', 'name of a part of a unified kernel image', recorded(index));
  for (const index of [29, 31]) has('hypervisor', 'part of a unified kernel image', recorded(index));
  for (const index of [25, 34, 36]) has('hypervisor', 'kernel command line', recorded(index));
});

test('what it is that is imported is told by content', async (t) => {
  const folder = folderOf(t);
  const kinds = { package: buildDeb([]), file: kernel, list: Buffer.from(`${sha256('a')}  /a\n`) };
  for (const [kind, bytes] of Object.entries(kinds)) {
    writeFileSync(join(folder, 'x'), bytes);
    assert.equal(await kindOf(join(folder, 'x')), kind);
  }
  assert.equal(await kindOf(folder), 'folder');
  assert.equal(await kindOf('-'), 'list');
});

test('a tree is an allow list by the paths its files will have, links not followed', async (t) => {
  const root = folderOf(t);
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  writeFileSync(join(root, 'usr/bin/a'), 'a');
  writeFileSync(join(root, 'usr/b'), 'b');
  symlinkSync('a', join(root, 'usr/bin/link'));
  symlinkSync('usr/bin', join(root, 'bin'));
  const values = await readTree(join(root, 'usr'), { root });
  check(ReferenceRequest, { values }, 'values');
  assert.deepEqual(
    values.map(({ content }) => content),
    [
      {
        form: 'files',
        files: [
          { path: '/usr/b', digests: { sha256: sha256('b') } },
          { path: '/usr/bin/a', digests: { sha256: sha256('a') } },
        ],
      },
    ],
  );
  assert.equal(values[0]?.component, 'operating_system');
  const [here] = await readTree(join(root, 'usr/bin'));
  assert.ok(here?.content.form === 'files' && here.content.files[0]?.path.endsWith('/usr/bin/a'));
  await assert.rejects(readTree(root, { root: join(root, 'usr') }), { code: 'tree-root' });
  await assert.rejects(readTree(folderOf(t)), { code: 'tree-empty' });
  await assert.rejects(readTree(join(root, 'usr/b'), { root }), { code: 'file-kind', message: /a folder.*a file/ });
  await assert.rejects(readTree(join(root, 'none')), { code: 'file-unreadable', message: /expected a folder/ });
});

test('a file that is written, replaced or removed while it is read is refused', async (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'busy');
  const isOpen = () =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false; // it was closed meanwhile
      }
    });
  const replace = () => {
    writeFileSync(join(root, 'new'), 'other');
    renameSync(join(root, 'new'), path);
  };
  const root = folderOf(t);
  for (const { disturb, again } of [
    { disturb: () => writeFileSync(path, 'more', { flag: 'a' }), again: true },
    { disturb: replace, again: false },
    { disturb: () => unlinkSync(path), again: false },
  ]) {
    writeFileSync(path, Buffer.alloc(32 << 20));
    let going = true;
    const reading = readTree(folder).finally(() => {
      going = false;
    });
    reading.catch(() => undefined);
    while (going && !isOpen()) await new Promise(setImmediate);
    // What is written before the file is first looked at is no change: so it goes on being written.
    do {
      disturb();
      await new Promise(setImmediate);
    } while (again && going);
    await assert.rejects(reading, { name: 'AssayError', code: 'tree-changed' });
  }
});
