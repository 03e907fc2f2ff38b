import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { CommanderError } from 'commander';
import { exitCodeOf } from './exit-code.ts';
import { Reported } from './reported.ts';

const of = (code: string) => exitCodeOf(new AssayError(code, 'where', 'this', 'that'));

test('a script tells wrong usage and what the brake holds from what failed', () => {
  assert.deepEqual(['cli-option', 'cli-time', 'change-because-missing'].map(of), [2, 2, 2]);
  assert.deepEqual(['change-brake', 'change-unconfirmed', 'change-declined'].map(of), [3, 3, 3]);
  assert.deepEqual(['reference-not-found', 'file-exists', 'cli-answer'].map(of), [1, 1, 1]);
  assert.equal(exitCodeOf(new Reported('policy-brake', 'POST /v1/policies', 'no')), 3, 'as the server says');
  assert.equal(exitCodeOf(new TypeError('a bug')), 1);
  assert.equal(exitCodeOf(new CommanderError(1, 'commander.unknownOption', 'unknown')), 2);
  assert.equal(exitCodeOf(new CommanderError(0, 'commander.help', 'help')), 0);
});
