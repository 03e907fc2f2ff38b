import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, samples } from './sample-configs.ts';

test('the samples in etc/ are those of the declarations; if not: node scripts/sample-configs.ts', () => {
  assert.deepEqual(
    readdirSync(folder)
      .filter((name) => name.endsWith('.sample'))
      .sort(),
    Object.keys(samples).sort(),
  );
  for (const [name, text] of Object.entries(samples))
    assert.equal(readFileSync(join(folder, name), 'utf8'), text, name);
});
