// Text from the network → a typed message, or an AssayError that names the field. The only way in.
import { AssayError, expectationOf } from '@assay/core';
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/schema'; // what typebox/compile is made of, in a fifth fewer files

const compiled = new WeakMap<TSchema, Validator>();

/** The schema's checker, compiled at its first use: compiling takes milliseconds. */
export function validatorOf(schema: TSchema): Validator {
  let validator = compiled.get(schema);
  if (!validator) {
    validator = Compile(schema) as Validator;
    compiled.set(schema, validator);
  }
  return validator;
}

/** A value of unknown origin checked against its schema. @throws AssayError `message-schema` at the first field that is wrong */
export function check<S extends TSchema>(schema: S, value: unknown, where: string): Static<S> {
  const validator = validatorOf(schema);
  if (validator.Check(value)) return value as Static<S>;
  const [, failures] = validator.Errors(value);
  const { at, expected, got } = expectationOf(schema, failures, value);
  throw new AssayError('message-schema', `${where}${at.replaceAll('/', '.')}`, expected, got);
}

/** JSON text checked against a schema. @throws AssayError `message-json`, `message-schema` */
export function parse<S extends TSchema>(schema: S, text: string, where: string): Static<S> {
  let value: unknown;
  try {
    // `__proto__` would be set as an own key by JSON.parse; no message has such a field.
    value = JSON.parse(text, (key, part) => (key === '__proto__' ? undefined : part));
  } catch (cause) {
    throw new AssayError('message-json', where, 'JSON', text, { cause });
  }
  return check(schema, value, where);
}
