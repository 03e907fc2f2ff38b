// Which tests speak of the catalogue? Found by their names, in the source and in what a run reports.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Ids a test’s name begins with: `L02 L13 …`. */
export const idsOf = (name: string): string[] =>
  /^(?:[QELIT][0-9]{2}(?:, |,| |: ?|$))+/.exec(name)?.[0].match(/[QELIT][0-9]{2}/g) ?? [];

/** Names of all tests in a file’s source, as far as they are written out. */
export const testNames = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/\b(?:test|it|eachDatabase)\(\s*(['`"])((?:(?!\1).)*)\1/g)].map(
    ([, , name]) => name as string,
  );

const allTests = (root: string): string[] =>
  ['packages', 'test', 'scripts', 'image', 'fuzz']
    .flatMap((folder) => listed(root, folder))
    .filter((file) => file.endsWith('.test.ts') && !/(^|\/)node_modules\//.test(file))
    .map((file) => join(root, file))
    .sort();

function listed(root: string, folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, String(file)));
  } catch {
    return []; // a clone without this folder
  }
}

/** Files with a test of one of these ids. */
export const testFiles = (root: string, ids: readonly string[]): string[] =>
  allTests(root).filter((file) => testNames(file).some((name) => idsOf(name).some((id) => ids.includes(id))));
