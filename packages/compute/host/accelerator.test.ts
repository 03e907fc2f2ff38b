import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createLog } from '@assay/daemon';
import { accelerator, kvmWorks } from './accelerator.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-accel-'));
after(() => rmSync(folder, { recursive: true }));
const user = { gid: undefined, prefix: [] };
/** A program in QEMU's place. */
const program = (lines: string) => {
  const file = join(folder, `qemu-${Math.random()}`);
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
  return file;
};

test('KVM works where firmware came to its end with it', async () => {
  assert.equal(
    await kvmWorks(program("printf 'SeaBIOS\\nNo bootable '; printf 'device.\\n'; exec sleep 60"), user),
    true,
  );
});

test('it does not where QEMU ends, says nothing, or cannot be run', async () => {
  assert.equal(await kvmWorks(program('echo kvm: failed; exit 1'), user), false);
  assert.equal(await kvmWorks(program('echo SeaBIOS; exec sleep 60'), user, 200), false);
  assert.equal(await kvmWorks(join(folder, 'none'), user), false);
});

test('the trial tells the truth of this machine: what it says of TCG, which works everywhere, is yes', async () => {
  const tcg = program('shift 4; exec qemu-system-x86_64 -machine pc -accel tcg "$@"');
  assert.equal(await kvmWorks(tcg, user), true);
});

test('what an operator chose is not tried out', async () => {
  const log = createLog('test', 'silent');
  const never = () => assert.fail('tried');
  assert.equal(await accelerator('kvm', never, log), 'kvm');
  assert.equal(await accelerator('tcg', never, log), 'tcg');
  assert.equal(await accelerator('auto', async () => false, log), 'tcg');
  assert.equal(await accelerator('auto', async () => true, log), 'kvm');
});
