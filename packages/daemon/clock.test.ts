import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { systemClock } from './clock.ts';

test('the uptime is the kernel’s, in milliseconds, and the boot id is the kernel’s', () => {
  const seconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  assert.ok(Math.abs(systemClock.uptimeMs() - seconds * 1000) < 1000);
  assert.equal(systemClock.bootId, readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  assert.ok(Math.abs(systemClock.now().getTime() - Date.now()) < 1000);
});
