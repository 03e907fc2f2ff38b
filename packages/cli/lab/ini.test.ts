import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { list, loadConfig, multi, text } from '@assay/daemon';
import { ini } from './ini.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-ini-'));
after(() => rmSync(dir, { recursive: true }));

test('what is written is read back by the services, dollar signs and repeated options too', () => {
  const file = join(dir, 'nova.conf');
  const content = {
    DEFAULT: { filters: ['a.b', 'c.d'], names: 'x,y', absent: undefined },
    other: { password: 'a$b$$' },
  };
  writeFileSync(file, ini('A test.', content));
  const conf = loadConfig([file], {
    DEFAULT: { filters: multi({ help: '' }), names: list({ help: '' }), absent: text({ help: '', default: 'none' }) },
    other: { password: text({ help: '' }) },
  });
  assert.deepEqual(conf.DEFAULT, { filters: ['a.b', 'c.d'], names: ['x', 'y'], absent: 'none' });
  assert.equal(conf.other.password, 'a$b$$');
  assert.deepEqual(conf.warnings, []);
});
