// Does Assay withstand what is known to have been tried? Runs every test named after an id of the catalogue and prints the
// table: id, attack, test, result. Fails when a test fails, is skipped, or an id has neither test nor reason.
//   scripts/assurance.ts         all of them
//   scripts/assurance.ts L I05   some, by id or letter
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { type Attack, catalogue } from '../test/assurance/catalogue.ts';
import { idsOf, testFiles } from '../test/assurance/tests.ts';

const root = resolve(import.meta.dirname, '..');
const asked = process.argv.slice(2);
const wanted = Object.entries(catalogue).filter(([id]) => !asked.length || asked.some((part) => id.startsWith(part)));
type Outcome = { name: string; file: string; result: 'passed' | 'FAILED' | 'SKIPPED' };

async function outcomes(): Promise<Outcome[]> {
  const seen: Outcome[] = [];
  const pattern = new RegExp(`^(?:[QELIT][0-9]{2},? )*(?:${wanted.map(([id]) => id).join('|')})\\b`);
  const stream = run({
    files: testFiles(
      root,
      wanted.map(([id]) => id),
    ),
    testNamePatterns: [pattern],
    concurrency: availableParallelism(),
    timeout: 300_000,
  });
  for await (const { type, data } of stream) {
    if (type === 'test:stderr') process.stderr.write(data.message);
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const skipped = data.skip !== undefined || data.todo !== undefined;
    const result = type === 'test:fail' ? 'FAILED' : skipped ? 'SKIPPED' : 'passed';
    seen.push({ name: data.name, file: data.file ? relative(root, data.file) : '', result });
  }
  return seen;
}

function row(id: string, attack: Attack, tests: Outcome[]): boolean {
  const layer = attack.layer === 'server' ? ' (server)' : '';
  console.log(`${id}  ${attack.title}${layer}`);
  for (const { name, file, result } of tests)
    console.log(`     ${result.padEnd(8)}${name.replace(/^([QELIT]\d\d[:, ]*)+/, '')}  ${file}`);
  if (attack.without) console.log(`     none    ${attack.without}`);
  else if (!tests.length) console.log('     MISSING no test begins its name with this id');
  return attack.without !== undefined || (tests.length > 0 && tests.every(({ result }) => result === 'passed'));
}

const all = await outcomes();
const failed = wanted.filter(
  ([id, attack]) =>
    !row(
      id,
      attack,
      all.filter(({ name }) => idsOf(name).includes(id)),
    ),
);
const broken = all.filter(({ name, result }) => result === 'FAILED' && idsOf(name).length === 0);
for (const { name, file } of broken) console.log(`FAILED  ${name}  ${file}`);
const reasons = wanted.filter(([, { without }]) => without).length;
console.log(
  `\n${wanted.length} ids: ${wanted.length - reasons - failed.length} shown by ${all.filter(({ name }) => idsOf(name).length).length} tests, ` +
    `${reasons} listed with the reason, ${failed.length} without an answer${failed.length ? `: ${failed.map(([id]) => id).join(' ')}` : ''}`,
);
process.exitCode = failed.length || broken.length ? 1 : 0;
