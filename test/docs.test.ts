// Do the documents speak of files that are there? A newcomer follows them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
/** `packages/tpm/tpm.ts`, and what stands in a link: `[…](docs/decisions)`. */
const paths = /(?<![\w/.-])(?:packages|docs|scripts|image|test|bench|etc)\/[\w./-]+\.(?:ts|md|sample|bin)\b/g;
const links = /\]\((?!https?:|#)([^)#]+)\)/g;

test('every file a document names is there', () => {
  const missing = documents.flatMap((document) => {
    const text = readFileSync(join(root, document), 'utf8');
    const named = [...text.matchAll(paths)].map(([path]) => join(root, path));
    const linked = [...text.matchAll(links)].map(([, to = '']) => join(root, dirname(document), to));
    return [...named, ...linked].filter((path) => !existsSync(path)).map((path) => `${document}: ${path}`);
  });
  assert.ok(documents.includes('CONTRIBUTING.md'));
  assert.deepEqual(missing, []);
});
