import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { file, schemaText } from './policy-schema.ts';

const text = readFileSync(file, 'utf8');

test('docs/policy.schema.json is what the server checks; if not: node scripts/policy-schema.ts', () => {
  assert.equal(text, schemaText());
});

type Schema = {
  description?: string;
  type?: string;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  additionalProperties?: unknown;
  items?: Schema;
};

/** Every field, by its place. */
function* fieldsOf(schema: Schema, place = ''): Generator<[string, Schema]> {
  for (const [name, one] of Object.entries(schema.properties ?? {})) {
    yield [`${place}.${name}`, one];
    yield* fieldsOf(one, `${place}.${name}`);
  }
  for (const one of Object.values(schema.patternProperties ?? {})) yield* fieldsOf(one, `${place}.*`);
  if (schema.items) yield* fieldsOf(schema.items, `${place}[]`);
}

test('docs/policy.schema.json describes every field, and takes no other', () => {
  const schema = JSON.parse(text) as Schema;
  const fields = [...fieldsOf(schema)];
  assert.ok(fields.length > 25);
  assert.deepEqual(
    fields.filter(([, { description = '' }]) => description.length < 5).map(([place]) => place),
    [],
  );
  const objects = [['', schema] as const, ...fields].filter(([, { properties }]) => properties);
  assert.deepEqual(
    objects.filter(([, one]) => one.additionalProperties !== false).map(([place]) => place),
    [],
  );
});
