// Does a request have the shape its route declares? TypeBox schemas, checked without bending a body to fit.
import { AssayError, escaped } from '@assay/core';
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
    const [first] = compiled.Errors(value);
    const where = escaped(`${httpPart ?? 'request'} ${first?.instancePath || '/'}`).slice(0, 200);
    return {
      error: new AssayError(
        'request-invalid',
        where,
        (first?.message ?? 'another shape').replace(/^must /, 'it to '),
        kind(at(value, first?.instancePath)),
      ),
    };
  };
};

/** What a JSON pointer (RFC 6901) of the checker points to. */
function at(value: unknown, pointer = ''): unknown {
  const names = pointer.split('/').slice(1);
  return names.reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], value);
}

// The value itself may be a password.
function kind(value: unknown): string {
  if (value === undefined || value === null) return value === null ? 'null' : 'nothing';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
