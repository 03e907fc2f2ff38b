// `make mutate`: does every comparison that decides on trust matter to a test? Each is taken out in turn, and the tests that run it have to fail.
// Survivors are listed with a reason in mutation/survivors/, or fail the run. FILE= narrows it to files whose path contains that.
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Coverage, coverageOf } from './mutation/coverage.ts';
import { type Mutant, mutantsOf } from './mutation/mutants.ts';
import { type Survivor, survivors } from './mutation/survivors/index.ts';
import type { Task } from './mutation/task.ts';
import { tryAll } from './mutation/workers.ts';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
// Most of a short test is loading it.
process.env['NODE_COMPILE_CACHE'] ??= resolve('.compile-cache');

const subject = 'packages/appraisal';
const all = globSync(`${subject}/**/*.ts`, { exclude: (path) => /node_modules|testing/.test(path) });
/** What explains a verdict in words decides nothing. */
const decides = (path: string) => !/\.test\.ts$|index\.ts$|\/explain\//.test(path);
const tests = all.filter((path) => path.endsWith('.test.ts')).sort();
const [narrow = ''] = process.argv.slice(2);
const files = all.filter((path) => decides(path) && path.includes(narrow)).sort();

/** Of a change that is listed as a survivor anyway, the first few tests say whether it is one. */
const testsOfListed = 8;

const began = performance.now();
const coverage: Coverage[] = [];
const queue = [...tests];
const measure = async () => {
  for (let test = queue.shift(); test; test = queue.shift()) coverage.push(await coverageOf(test));
};
await Promise.all(Array.from({ length: availableParallelism() }, measure));
const broken = coverage.filter(({ passed }) => !passed).map(({ test }) => test);
if (broken.length > 0) throw new Error(`without any change these fail: ${broken.join(', ')}`);
coverage.sort((a, b) => a.tookMs - b.tookMs);

const mutants = files.flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8')));
console.log(`${mutants.length} changes to ${files.length} files, ${tests.length} files of tests`);
const outcomes = await tryAll(pathToFileURL(resolve(subject)).href, mutants.map(taskOf));
const noticed = new Map(outcomes.map(({ id, noticedBy }) => [id, noticedBy]));
report(mutants.filter((_, i) => noticed.get(i + 1) === null));

/** Tests beside the file first, then the quickest. */
function taskOf(mutant: Mutant, i: number): Task {
  const path = resolve(mutant.file);
  const beside = mutant.file.replace(/\.ts$/, '.test.ts');
  const running = coverage.filter((one) => one.runs(path, mutant.start));
  const ordered = [...running.filter(({ test }) => test === beside), ...running.filter(({ test }) => test !== beside)];
  const tried = listed(mutant) ? ordered.slice(0, testsOfListed) : ordered;
  const tests = tried.map(({ test, tookMs }) => ({ path: resolve(test), mostMs: 3_000 + 3 * tookMs }));
  const { start, end, instead } = mutant;
  return { id: i + 1, change: { path, start, end, instead }, tests };
}

function listed(mutant: Mutant): Survivor | undefined {
  return survivors.find(
    ({ file, text, instead }) =>
      file === mutant.file && text === mutant.text && (instead === undefined || mutant.instead === `(${instead})`),
  );
}

function report(alive: readonly Mutant[]): void {
  const unexcused = alive.filter((mutant) => !listed(mutant));
  const used = new Set(alive.map(listed));
  const stale = survivors.filter((one) => one.file.includes(narrow) && !used.has(one));
  for (const { file, line, text, instead } of unexcused) console.log(`${file}:${line}: ${text} → ${instead}`);
  for (const { file, text } of stale) console.log(`${file}: ${text}: listed as a survivor, and is none`);
  const seconds = Math.round((performance.now() - began) / 1000);
  const counts = [
    `${mutants.length} changes`,
    `${mutants.length - alive.length} noticed`,
    `${alive.length - unexcused.length} survive for a reason that is listed`,
    `${unexcused.length} survive`,
  ];
  console.log(`${counts.join(', ')}; ${seconds} s`);
  if (unexcused.length > 0 || stale.length > 0) process.exitCode = 1;
}
