// What a real cloud answered: exchanges recorded for this project between stock clients and Nova 26.2.2, Keystone 22.0.2
// and Glance 25.1.0 (Debian 12). Tests compare the names and types of fields with ours.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Exchange = {
  service: 'nova' | 'keystone' | 'glance';
  method: string;
  path: string;
  microversion: string | null;
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: recorded JSON of every shape
  request: any;
  // biome-ignore lint/suspicious/noExplicitAny: recorded JSON of every shape
  response: any;
};

const exchanges = readFileSync(join(import.meta.dirname, 'traces.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Exchange);

export const traces = {
  /** The body of the first recorded answer that fits. */
  bodyOf(service: Exchange['service'], method: string, path: string, status: number, microversion?: string) {
    const found = exchanges.find(
      (one) =>
        one.service === service &&
        one.method === method &&
        one.path === path &&
        one.status === status &&
        (microversion === undefined || one.microversion === microversion),
    );
    if (!found) throw new Error(`no recorded ${service} ${method} ${path} ${status}`);
    return found.response;
  },
};

/** Field names and types, all the way down; of lists that of the first element. */
export function shapeOf(value: unknown): unknown {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, shapeOf(part)]),
  );
}

/** Fields that are null here and text there (or the other way round) are no difference of shape. */
export function sameFields(ours: object, theirs: object, except: string[] = []) {
  const fields = (of: object) =>
    Object.keys(of)
      .filter((name) => !except.includes(name))
      .sort();
  assert.deepEqual(fields(ours), fields(theirs));
  for (const name of fields(theirs)) {
    const [mine, recorded] = [ours, theirs].map((of) => (of as Record<string, unknown>)[name]);
    if (mine === null || recorded === null) continue;
    assert.equal(typeof mine, typeof recorded, name);
    assert.equal(Array.isArray(mine), Array.isArray(recorded), name);
  }
}
