import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { authenticodeDigest, parseEventLog, readPe } from '@assay/measurement';
import { buildPe } from '@assay/measurement/testing';
import { bootLogOf } from './boot.ts';
import { bootsElse, toBoot } from './boots.ts';
import type { LabHost } from './settings.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-boots-'));
after(() => rmSync(dir, { recursive: true }));
const host: LabHost = { name: 'node1', boot: 'golden', memoryMb: 512, vcpus: 1 };
const modified: LabHost = { ...host, boot: 'modified-hypervisor' };
const kernel = buildPe();
const file = join(dir, 'vmlinuz');
writeFileSync(file, kernel);
const authenticode = Buffer.from(authenticodeDigest(readPe(kernel, 'kernel'), 'sha256')).toString('hex');

/** What is measured otherwise than in the recorded boot: index of the event → digest. */
function changed(of: LabHost): Record<number, string | undefined> {
  const [golden, other] = [host, of].map((one) => parseEventLog(bootLogOf(one)));
  assert.equal(other?.broken, undefined);
  assert.equal(other?.events.length, golden?.events.length);
  const hex = (bytes?: Uint8Array) => bytes && Buffer.from(bytes).toString('hex');
  return Object.fromEntries(
    (other?.events ?? []).flatMap(({ index, digests: { sha256 } }) =>
      hex(sha256) === hex(golden?.events[index]?.digests.sha256) ? [] : [[index, hex(sha256)]],
    ),
  );
}

test('another kernel is measured by its Authenticode digest, in place of the recorded one and nothing else', () => {
  assert.notEqual(authenticode, createHash('sha256').update(kernel).digest('hex'));
  assert.deepEqual(changed(toBoot(host, { kernel: file })), { 10: authenticode });
  assert.deepEqual(changed(toBoot(modified, { kernel: file })), { 10: authenticode });
});

test('another command line is measured as Linux does, UTF-16 with its zero', () => {
  const digest = createHash('sha256').update('q\0u\0i\0e\0t\0\0\0').digest('hex');
  assert.deepEqual(changed(toBoot(host, { commandLine: 'quiet' })), { 21: digest });
  const both = toBoot(toBoot(host, { kernel: file }), { commandLine: 'quiet' });
  assert.deepEqual(changed(both), { 10: authenticode, 21: digest });
});

test('what is set stays set until it is changed back; golden mends a modified hypervisor too', () => {
  const set = toBoot(host, { kernel: file, commandLine: 'quiet' });
  assert.deepEqual(toBoot(set, {}), set);
  assert.deepEqual(changed(toBoot(set, { kernel: 'golden' })), changed(toBoot(host, { commandLine: 'quiet' })));
  assert.deepEqual(toBoot(set, { kernel: 'golden', commandLine: 'golden' }), host);
  assert.deepEqual(toBoot(modified, { kernel: 'golden' }), host);
  assert.deepEqual(Object.keys(changed(modified)), ['10']);
});

test('what is no kernel, and a command line that none could have, are refused', () => {
  assert.throws(() => toBoot(host, { kernel: join(dir, 'none') }), { code: 'lab-kernel' });
  assert.throws(() => toBoot(host, { kernel: dir }), { code: 'lab-kernel' });
  writeFileSync(join(dir, 'text'), 'no kernel');
  assert.throws(() => toBoot(host, { kernel: join(dir, 'text') }), { code: 'pe' });
  for (const commandLine of ['a\0b', 'x'.repeat(4097)])
    assert.throws(() => toBoot(host, { commandLine }), { code: 'lab-command-line' });
});

test('who boots something else is told with what', () => {
  assert.equal(bootsElse(host), undefined);
  assert.match(bootsElse(modified) ?? '', /^node1 boots a kernel that nobody released$/);
  const told = bootsElse(toBoot(host, { kernel: file, commandLine: 'quiet \u001b[2J' })) ?? '';
  assert.ok(told.includes(authenticode) && told.includes('command line “quiet'), told);
  assert.ok(!told.includes('\u001b'));
});
