// `make fuzz`: how long does our code withstand inputs that are a little wrong? Prints its seed; what it finds is written to fuzz/crashes/,
// where `make test` replays it from then on.
//   node fuzz/fuzz.ts [TIME] [SEED] [TARGET…]     seconds, 60 unless given; a number; names of targets, all unless given
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Crash, Loop } from './run.ts';
import { targets } from './targets/catalogue.ts';

const crashes = join(import.meta.dirname, 'crashes');

const [time = '60', given = '', ...names] = process.argv.slice(2);
const seed = given === '' ? Math.floor(Math.random() * 2 ** 32) : Number(given);
const chosen = names.length > 0 ? targets.filter(({ name }) => names.includes(name)) : targets;
if (!(Number(time) > 0) || !Number.isInteger(seed) || chosen.length === 0) {
  console.error(
    `assay: expected TIME in seconds, SEED a number, TARGET ${targets.map(({ name }) => name).join(' or ')}`,
  );
  process.exit(2);
}

console.log(`seed ${seed}, ${time} s, ${chosen.map(({ name }) => name).join(', ')}`);
const end = performance.now() + Number(time) * 1000;
const loop = new Loop(chosen, seed, true);
const { runs, kept, crashes: found } = await loop.run(() => performance.now() < end);
console.log(`${runs} inputs, ${loop.blocks} blocks of code reached, ${kept} inputs kept for what they reached`);
for (const crash of found) report(crash);
console.log(found.length === 0 ? 'no fault' : `${found.length} faults; again: make fuzz TIME=${time} SEED=${seed}`);
process.exitCode = found.length === 0 ? 0 : 1;

function report({ target, input, fault }: Crash): void {
  const file = join(crashes, `${target}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`);
  writeFileSync(file, input);
  console.log(`${target}: ${fault instanceof Error ? fault.stack : fault}\n  ${relative(process.cwd(), file)}`);
}
