import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { layout } from './layout.ts';
import { defaultPorts } from './ports.ts';
import { readSettings } from './settings.ts';

test('a lab that was made before there was a port for OAT’s tools goes on, with the usual one', (t) => {
  const paths = layout(mkdtempSync(join(tmpdir(), 'assay-lab-')));
  t.after(() => rmSync(paths.root, { recursive: true }));
  mkdirSync(paths.root, { recursive: true });
  const { oat: _, ...before } = { ...defaultPorts, attestation: 40_001 };
  const write = (ports: object) => writeFileSync(paths.settings, JSON.stringify({ version: 1, ports, hosts: [] }));
  write(before);
  assert.deepEqual(readSettings(paths)?.ports, { ...before, oat: 8181 });
  write({ ...before, link: 'x' });
  assert.throws(() => readSettings(paths), { code: 'lab-settings' });
});
