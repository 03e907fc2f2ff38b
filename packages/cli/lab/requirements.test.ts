import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { portNames } from './ports.ts';
import { checkRequirements, checkStateFolder } from './requirements.ts';
import { openLab } from './settings.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-requirements-'));
after(() => rmSync(dir, { recursive: true }));
const root = process.getuid?.() === 0;

test('missing programs are named, with the packages that have them', () => {
  assert.throws(() => checkRequirements(dir), {
    code: 'lab-tool',
    expected: 'swtpm, swtpm_setup, qemu-system-x86_64, socat, setpriv, cpio, busybox',
    hint: /^apt-get install swtpm swtpm-tools /,
  });
});

test('a state folder is made, and one in the way of which a file stands is told', () => {
  checkStateFolder(join(dir, 'a', 'b'));
  assert.ok(statSync(join(dir, 'a', 'b')).isDirectory());
  writeFileSync(join(dir, 'file'), '');
  assert.throws(() => checkStateFolder(join(dir, 'file')), { code: 'lab-state', got: 'EEXIST' });
});

test('the state of another user is left alone', { skip: !root && 'only root can make one' }, () => {
  const foreign = mkdtempSync(join(dir, 'foreign-'));
  chownSync(foreign, 12_345, 12_345);
  assert.throws(() => checkStateFolder(foreign), { code: 'lab-state', got: 'one of uid 12345' });
});

test('a state folder others can write in is left alone', () => {
  const open = mkdtempSync(join(dir, 'open-'));
  chmodSync(open, 0o777);
  assert.throws(() => checkStateFolder(open), { code: 'lab-state', got: 'mode 0777' });
});

test('what another user says of a lab ends none of our processes', { skip: !root && 'only root can make one' }, () => {
  const foreign = mkdtempSync(join(dir, 'foreign-lab-'));
  const lab = { version: 1, ports: Object.fromEntries(portNames.map((name) => [name, 1])), hosts: [] };
  writeFileSync(join(foreign, 'lab.json'), JSON.stringify(lab));
  assert.equal(openLab(foreign).paths.root, foreign);
  writeFileSync(join(foreign, 'lab.json'), JSON.stringify({ ...lab, hosts: [{ name: '../../elsewhere' }] }));
  assert.throws(() => openLab(foreign), { code: 'lab-settings' });
  writeFileSync(join(foreign, 'lab.json'), JSON.stringify(lab));
  chownSync(foreign, 12_345, 12_345);
  assert.throws(() => openLab(foreign), { code: 'lab-state', got: 'one of uid 12345' });
});

test('a folder one may not write in is told', { skip: root && 'root may write everywhere' }, () => {
  const closed = mkdtempSync(join(dir, 'closed-'));
  chmodSync(closed, 0o500);
  assert.throws(() => checkStateFolder(join(closed, 'state')), { code: 'lab-state', got: 'EACCES' });
});
