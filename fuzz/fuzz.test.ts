// Does what was once mended stay mended, and do some thousand mutants do no harm? The same mutants every time.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { mutate } from './mutate.ts';
import { Fault, faultOf } from './oracle.ts';
import { Random } from './random.ts';
import { Loop } from './run.ts';
import { targets } from './targets/catalogue.ts';
import type { Target } from './targets/target.ts';

const folder = join(import.meta.dirname, 'crashes');
const crashes = readdirSync(folder).filter((file) => file.endsWith('.bin'));

test('no input that once was a fault is one again', async () => {
  for (const file of crashes) {
    const target = targets.find(({ name }) => name === /^(.*)-[0-9a-f]{12}\.bin$/.exec(file)?.[1]);
    assert.ok(target, `${file} is of no target`);
    assert.equal(await faultOf(target, readFileSync(join(folder, file))), undefined, file);
  }
});

/** Of each target; all of them take some seconds. */
const mutantsEach = 72;

for (const target of targets)
  test(`${target.name}: honest inputs and their mutants are read without a fault`, async () => {
    const loop = new Loop([target], 20_261_123, false);
    const { crashes: found, runs } = await loop.run(() => loop.tally.runs < target.seeds().length + mutantsEach);
    assert.ok(runs >= mutantsEach);
    assert.deepEqual(
      found.map(({ fault }) => fault),
      [],
    );
  });

test('a fault is found, be it an exception, a wrong answer, or time', async () => {
  const fails = (run: Target['run']) => faultOf({ name: 'bad', seeds: () => [], run }, new Uint8Array(10));
  assert.ok((await fails(() => undefined)) === undefined);
  assert.ok((await fails(() => (undefined as unknown as []).length)) instanceof TypeError);
  assert.ok(
    (await fails(() => {
      throw new Fault('wrong');
    })) instanceof Fault,
  );
  assert.ok(
    (await fails(() => {
      throw new AssayError('code', 'where', 'expected', 'got');
    })) instanceof AssayError,
    'a target says itself what it foresees',
  );
  const busy = () => {
    const end = process.threadCpuUsage().user + 80_000;
    while (process.threadCpuUsage().user < end);
  };
  assert.match(String(await fails(busy)), /took more than 50 ms/);
});

test('an input that is held many times over in memory is a fault', async () => {
  const hoard = {
    name: 'hoard',
    seeds: () => [],
    msPerMiB: 10_000,
    run: (input: Uint8Array) => Array.from({ length: 200 }, () => Uint8Array.from(input)),
  };
  assert.match(String(await faultOf(hoard, new Uint8Array(200_000))), /memory/);
});

test('the same seed makes the same mutants', () => {
  const random = (seed: number) =>
    Array.from({ length: 20 }, () =>
      mutate(Buffer.from('honest'), new Random(seed), { seeds: [Buffer.from('other')], words: [] }).toString(),
    );
  assert.deepEqual(random(7), random(7));
  assert.notDeepEqual(random(7), random(8));
});
