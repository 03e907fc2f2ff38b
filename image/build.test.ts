import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const build = fileURLToPath(new URL('build', import.meta.url));
const ownCache = fileURLToPath(new URL('.cache', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'assay-image-'));
after(() => rmSync(folder, { recursive: true }));
const run = (args: string[], env: Record<string, string> = {}) =>
  spawnSync(build, args, { encoding: 'utf8', env: { ...process.env, ...env } });
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** A cache with the kernel that has been fetched and nothing made of it yet. */
function freshCache(name: string): string {
  const cache = join(folder, name);
  mkdirSync(cache);
  execFileSync(build, ['--fetch']);
  for (const deb of readdirSync(ownCache).filter((one) => one.endsWith('.deb')))
    symlinkSync(join(ownCache, deb), join(cache, deb));
  return cache;
}

test('the same inputs give the same image, and its manifest says what it is', () => {
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  assert.equal(run(['--out', one, '--cache', freshCache('one-cache')]).stderr, '');
  assert.equal(run(['--out', two]).stderr, '');
  const manifest = JSON.parse(readFileSync(join(one, 'manifest.json'), 'utf8'));
  assert.deepEqual(manifest, JSON.parse(readFileSync(join(two, 'manifest.json'), 'utf8')));
  for (const file of ['kernel', 'initrd'] as const) assert.equal(manifest[file].sha256, sha256(join(one, file)), file);
  assert.match(manifest.kernel.package, /^linux-image-.*-cloud-/);
  assert.ok(statSync(join(one, 'initrd')).size < 4 << 20);
});

test('nothing is made twice, and a damaged copy is mended', () => {
  const out = join(folder, 'one');
  const before = statSync(join(out, 'initrd')).mtimeMs;
  writeFileSync(join(out, 'kernel'), 'damaged');
  const { status } = run(['--out', out, '--cache', join(folder, 'one-cache')], {
    PATH: `${folder}:${process.env['PATH']}`,
  });
  assert.equal(status, 0);
  assert.equal(statSync(join(out, 'initrd')).mtimeMs, before);
  assert.equal(sha256(join(out, 'kernel')), JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).kernel.sha256);
});

test('the guest has the modules of its network card, wget and no way to log in', () => {
  const initrd = join(folder, 'one', 'initrd');
  const names = execFileSync('sh', ['-c', `gzip -dc '${initrd}' | cpio -t --quiet`], { encoding: 'utf8' }).split('\n');
  for (const name of ['init', 'bin/wget', 'bin/acpid', 'lib/modules/virtio_net.ko', 'etc/inittab'])
    assert.ok(names.includes(name), name);
  const inittab = readFileSync(fileURLToPath(new URL('rootfs/etc/inittab', import.meta.url)), 'utf8');
  assert.doesNotMatch(inittab.replace(/^#.*$/gm, ''), /getty|askfirst|\/bin\/(a|ba)?sh/);
});

test('without kernel and network one line says what to do', () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'apt-get'), '#!/bin/sh\necho "E: Failed to fetch http://deb.debian.org" >&2\nexit 100\n', {
    mode: 0o755,
  });
  writeFileSync(join(bin, 'apt-cache'), '#!/bin/sh\necho "  Depends: linux-image-6.1.0-1-cloud-amd64"\n', {
    mode: 0o755,
  });
  const { status, stdout, stderr } = run(['--fetch', '--cache', join(folder, 'empty')], {
    PATH: `${bin}:${process.env['PATH']}`,
  });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^image\/build: cannot download .*Failed to fetch.*connect this machine.*\n$/);
});

test('a wrong argument is named', () => {
  assert.match(run(['--nonsense']).stderr, /^image\/build: expected .*got --nonsense\n$/);
  assert.match(run([]).stderr, /^image\/build: expected --out DIR or --fetch, got neither\n$/);
});
