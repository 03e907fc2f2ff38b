// What it makes is booted by test/real-boot.test.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const build = fileURLToPath(new URL('build', import.meta.url));
const imageCache = fileURLToPath(new URL('../.cache', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'assay-host-'));
after(() => rmSync(folder, { recursive: true }));
const run = (args: string[], path = process.env['PATH']) =>
  spawnSync(build, args, { encoding: 'utf8', env: { ...process.env, PATH: path } });

test('without boot loaders and network one line says what to do', () => {
  const [bin, cache] = [join(folder, 'bin'), join(folder, 'cache')];
  for (const made of [bin, cache]) mkdirSync(made);
  assert.equal(run(['--fetch']).status, 0);
  for (const deb of readdirSync(imageCache).filter((one) => one.endsWith('.deb')))
    symlinkSync(join(imageCache, deb), join(cache, deb)); // the kernel is there
  const failing = '#!/bin/sh\necho "E: Failed to fetch http://deb.debian.org" >&2\nexit 100\n';
  writeFileSync(join(bin, 'apt-get'), failing, { mode: 0o755 });
  const { status, stdout, stderr } = run(['--fetch', '--cache', cache], `${bin}:${process.env['PATH']}`);
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^image\/host\/build: cannot download shim-signed .*Failed to fetch.*\n$/);
});

test('a wrong argument is named', () => {
  assert.match(run(['--nonsense', 'x']).stderr, /^image\/host\/build: expected .*got --nonsense\n$/);
  assert.match(run(['--out']).stderr, /^image\/host\/build: expected something after --out, got nothing\n$/);
  assert.match(run([]).stderr, /^image\/host\/build: expected --out DIR or --fetch, got neither\n$/);
});
