import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceSpec } from '../link/index.ts';
import { qemuArguments } from './qemu-command.ts';
import { exampleSpec } from './testing/spec.ts';

const argumentsOf = (change: Partial<InstanceSpec> = {}) => qemuArguments(exampleSpec(change), 'tcg');

test('a guest reaches its metadata and nothing else', () => {
  const network = argumentsOf({ address: '169.254.16.9' }).find((one) => one.startsWith('user,'));
  assert.match(network ?? '', /,restrict=on,/);
  assert.match(network ?? '', /,dhcpstart=169\.254\.16\.9,/);
  assert.equal(network?.match(/guestfwd=/g)?.length, 1);
  assert.doesNotMatch(network ?? '', /hostfwd|smb|tftp/);
});

test('QEMU is named no file of this machine: what it needs it inherits', () => {
  for (const one of argumentsOf())
    for (const [path] of one.matchAll(/(?<=^|[=,:])\/[^,]*/g))
      assert.match(path, /^\/proc\/self\/fd\/\d$|^\/dev\/fdset\/1$/);
});
