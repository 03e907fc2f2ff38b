import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { qemuUser } from './qemu-user.ts';

const refused = { name: 'AssayError', code: 'config-value', where: '[compute_host] qemu_user' };

test('root needs another user for QEMU, one that exists and is not root in any way', () => {
  for (const name of [undefined, 'root', 'no-such-user', '', '-u', '0'])
    assert.throws(() => qemuUser(name, 0), refused, String(name));
  assert.match(qemuUser('nobody', 0).prefix.join(' '), /--reuid=65534 .*--no-new-privs .*--bounding-set=-all/);
});

test('who is not root can run QEMU as nobody else', () => {
  assert.throws(() => qemuUser('root', 65534), refused);
  assert.deepEqual(qemuUser(undefined, 65534).prefix, ['setpriv', '--no-new-privs']);
  assert.deepEqual(qemuUser('nobody', 65534), qemuUser(undefined, 65534));
});

test('what is run as QEMU’s user has no right that root has, and no way to get one', (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root');
  const [program, ...args] = [...qemuUser('nobody').prefix, 'cat', '/proc/self/status'];
  const status = execFileSync(program as string, args, { encoding: 'ascii' });
  assert.match(status, /^Uid:(\t65534){4}$/m);
  for (const name of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    assert.match(status, new RegExp(`^${name}:\t0+$`, 'm'));
  assert.match(status, /^NoNewPrivs:\t1$/m);
});
