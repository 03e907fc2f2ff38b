// `make mutate`: does every comparison of appraisal matter to a test? Each is taken out in turn, and the tests that run it have to fail.
// Survivors are listed with a reason in survivors.ts, or fail the run. FILE= narrows it to files whose path contains that.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { coverageOf } from './mutation/coverage.ts';
import { type Mutant, mutantsOf } from './mutation/mutants.ts';
import { survivors } from './mutation/survivors.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
// Most of a short test is loading it.
process.env['NODE_COMPILE_CACHE'] ??= resolve('.compile-cache');
/** What decides on trust. Codes and texts of findings are no decisions. */
const subject = 'packages/appraisal';
const product = globSync(`${subject}/**/*.ts`, { exclude: (path) => /node_modules|testing/.test(path) });
const files = product.filter((path) => !path.endsWith('.test.ts') && !path.endsWith('index.ts')).sort();
const tests = product.filter((path) => path.endsWith('.test.ts')).sort();
const deadlineMs = 10 * 60_000;
const patienceMs = 30_000;

type Fate = { mutant: Mutant; killedBy: string | undefined; covered: boolean };

const [narrow = ''] = process.argv.slice(2);
const began = performance.now();
const coverage = await inTurns(tests, coverageOf);
const broken = coverage.filter(({ passed }) => !passed);
if (broken.length > 0) fail(`without any change these fail: ${broken.map(({ test }) => test).join(', ')}`);
coverage.sort((a, b) => a.tookMs - b.tookMs);
const mutants = files
  .filter((file) => file.includes(narrow))
  .flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8')));
console.log(`${mutants.length} changes to ${files.length} files, ${tests.length} files of tests`);
const fates = await inTurns(mutants, fateOf);
report(fates);

async function fateOf(mutant: Mutant): Promise<Fate> {
  const path = resolve(mutant.file);
  const beside = mutant.file.replace(/\.ts$/, '.test.ts');
  const running = coverage.filter((one) => one.runs(path, mutant.start));
  const ordered = [...running.filter(({ test }) => test === beside), ...running.filter(({ test }) => test !== beside)];
  for (const { test } of ordered) {
    if (performance.now() - began > deadlineMs)
      fail('not done within 10 minutes: narrow it with FILE=, or find out what became slow');
    if (!(await passes(test, { path, ...mutant }))) return { mutant, killedBy: test, covered: true };
  }
  return { mutant, killedBy: undefined, covered: ordered.length > 0 };
}

/** A test that hangs notices as well. */
async function passes(test: string, mutant: Mutant & { path: string }): Promise<boolean> {
  const child = spawn(process.execPath, ['--import', './scripts/mutation/hook.ts', test], {
    env: { ...process.env, MUTANT: JSON.stringify(mutant) },
    stdio: 'ignore',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  const [code] = await once(child, 'exit');
  clearTimeout(timer);
  return code === 0;
}

function report(of: readonly Fate[]): void {
  const alive = of.filter(({ killedBy }) => killedBy === undefined);
  const excuse = ({ mutant }: Fate) =>
    survivors.find(
      ({ file, text, instead }) =>
        file === mutant.file && text === mutant.text && (instead === undefined || mutant.instead === `(${instead})`),
    );
  const unexcused = alive.filter((fate) => !excuse(fate));
  const used = new Set(alive.map(excuse));
  const stale = survivors.filter((one) => one.file.includes(narrow) && !used.has(one));
  for (const { mutant, covered } of unexcused)
    console.log(
      `${mutant.file}:${mutant.line}: ${mutant.text} → ${mutant.instead}: ${covered ? 'no test notices' : 'no test runs it'}`,
    );
  for (const { file, text } of stale) console.log(`${file}: ${text}: listed as a survivor, and is none`);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(
    `${of.length} changes, ${of.length - alive.length} noticed, ${alive.length - unexcused.length} survive for a reason that is listed, ${unexcused.length} survive; ${seconds} s`,
  );
  if (unexcused.length > 0 || stale.length > 0) process.exitCode = 1;
}

/** As many at a time as there are processors, in order. */
async function inTurns<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < all.length; i = next++) results[i] = await work(all[i] as T);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

function fail(why: string): never {
  console.error(`assay: ${relative(root, fileURLToPath(import.meta.url))}: ${why}`);
  process.exit(1);
}
