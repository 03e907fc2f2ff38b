// Does a request have the shape its route declares? TypeBox schemas, checked without bending a body to fit.
import { AssayError, escaped, expectationOf } from '@assay/core';
import type { FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';

/** Gives a route's handler the types of its schemas. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

/**
 * A body is taken as it came; query, path and headers are text, so numbers and booleans are read out of them first.
 * Refusal: AssayError `request-invalid`, where = `body /hosts/0`.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  return (data: unknown) => {
    const value = httpPart === 'body' ? data : Value.Convert(schema, data);
    if (compiled.Check(value)) return { value };
    const { at, expected, open, got } = expectationOf(schema, compiled.Errors(value), value);
    const where = escaped(`${httpPart ?? 'request'} ${at || '/'}`).slice(0, 200);
    return { error: new AssayError('request-invalid', where, expected, open && !isNothing(got) ? got : kind(got)) };
  };
};

const isNothing = (value: unknown): value is null | undefined => value === undefined || value === null;

// The value itself may be a password.
function kind(value: unknown): string {
  if (isNothing(value)) return value === null ? 'null' : 'nothing';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
