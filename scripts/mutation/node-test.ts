// Stands in for node:test while changes are tried: tests are collected and run one by one, until the first that fails. Knows as much of
// node:test as the tests of appraisal use; whatever else they ask for fails without any change, and is seen at once.
type Work = (t: Context) => unknown;
type Context = { name: string; after(work: () => unknown): void };
type Test = { name: string; work: Work };

let tests: Test[] = [];
let befores: (() => unknown)[] = [];
let afters: (() => unknown)[] = [];

export function test(name: string, ...rest: readonly unknown[]): void {
  const work = rest.find((one): one is Work => typeof one === 'function');
  if (!work) throw new Error(`${name}: a test without a function`);
  tests.push({ name, work });
}
export const before = (work: () => unknown): void => void befores.push(work);
export const after = (work: () => unknown): void => void afters.push(work);
export default test;

/** Runs what was collected since the last call. @returns the name of the first test that fails */
export async function runCollected(): Promise<string | null> {
  const collected = { tests, befores, afters };
  [tests, befores, afters] = [[], [], []];
  try {
    for (const work of collected.befores) await work();
    for (const { name, work } of collected.tests) if (!(await passes(name, work))) return name;
    return null;
  } catch {
    return 'before all tests';
  } finally {
    for (const work of collected.afters) await work();
  }
}

async function passes(name: string, work: Work): Promise<boolean> {
  const ends: (() => unknown)[] = [];
  try {
    await work({ name, after: (end) => void ends.push(end) });
    return true;
  } catch {
    return false;
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
