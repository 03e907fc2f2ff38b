import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptWish } from './accept-wish.ts';

test('a file is of the operating system, said or not; of another component it is refused, and so is nothing', () => {
  assert.deepEqual(acceptWish({ path: '/usr/bin/x' }), { component: 'operating_system', path: '/usr/bin/x' });
  assert.equal(acceptWish({ path: '/x', component: 'Operating system' }).component, 'Operating system');
  assert.deepEqual(acceptWish({ component: 'kernel', pool: 'dmz' }), { component: 'kernel', pool: 'dmz' });
  assert.throws(() => acceptWish({ path: '/x', component: 'kernel' }), {
    code: 'cli-option',
    message: /operating_system with --path.*kernel/,
  });
  assert.throws(() => acceptWish({ pool: 'dmz' }), { code: 'cli-option', message: /--path FILE.*neither/ });
});
