import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectationOf, type SchemaFailure } from './schema-failure.ts';

const failure = (keyword: string, schemaPath: string, instancePath: string, params: object = {}): SchemaFailure => ({
  ...{ keyword, schemaPath, instancePath, params },
  message: `must be as ${keyword} says`,
});
const said = (...given: Parameters<typeof expectationOf>) => {
  const { at, expected, open, got } = expectationOf(...given);
  return [at, expected, open, got];
};

test('a part that says in words what it is says so, and what came is shown', () => {
  const schema = { properties: { host: { pattern: 'x', title: 'a host name' }, list: { items: { title: 'an id' } } } };
  assert.deepEqual(said(schema, [failure('pattern', '#/properties/host', '/host')], { host: 'NODE1' }), [
    ...['/host', 'a host name', true, 'NODE1'],
  ]);
  const second = failure('minLength', '#/properties/list/items', '/list/1');
  assert.deepEqual(said(schema, [second], { list: ['a', 'b'] }), ['/list/1', 'an id', true, 'b']);
  const type = failure('type', '#/properties/host', '/host');
  assert.deepEqual(said(schema, [type], { host: 1 }), ['/host', 'it to be as type says', false, 1]);
});

test('fixed values are listed; what is too long is told by its length, for it may be a secret', () => {
  const on = failure('const', '#/properties/state', '/state', { allowedValue: 'on' });
  assert.deepEqual(said({}, [on], { state: 'yes' }), ['/state', 'on', true, 'yes']);
  const all = ['a', 'b', 'c'].map((allowedValue, i) => failure('const', `#/anyOf/${i}`, '', { allowedValue }));
  assert.deepEqual(said({}, [...all, failure('anyOf', '#', '')], 'd'), ['', 'a, b or c', true, 'd']);
  const long = failure('maxLength', '#/properties/because', '/because', { limit: 3 });
  assert.deepEqual(said({}, [long], { because: 'abcd' }), ['/because', 'at most 3 characters', true, '4 characters']);
});

test('of a union the member is meant whose word came', () => {
  const failures = [
    failure('const', '#/anyOf/0/properties/form', '/form', { allowedValue: 'files' }),
    failure('required', '#/anyOf/0', ''),
    failure('type', '#/anyOf/1/properties/list', '/list'),
    failure('anyOf', '#', ''),
  ];
  assert.deepEqual(said({}, failures, { form: 'x', list: 7 }), ['/list', 'it to be as type says', false, 7]);
  const neither = [failures[0], failure('const', '#/anyOf/1/properties/form', '/form', { allowedValue: 'x' })];
  assert.deepEqual(said({}, neither as SchemaFailure[], { form: 'y' }), ['/form', 'files or x', true, 'y']);
});

test('what no words are known for keeps the checker’s, and is not shown', () => {
  assert.deepEqual(said({}, [failure('pattern', '#/properties/a~b', '/a')], { a: 'secret' }), [
    ...['/a', 'it to be as pattern says', false, 'secret'],
  ]);
  assert.deepEqual(said({}, [], 1), ['', 'another shape', false, 1]);
});
