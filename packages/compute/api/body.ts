// Is the body what the route declares? Refused in the words of Nova's schema validation, which clients show as they are.
import { validatorOf } from '@assay/protocol';
import type { FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Refusal } from '../refusal.ts';

/** @throws Refusal `request-invalid`: `Invalid input for field/attribute ram. Value: 0. 0 is less than the minimum of 1` */
export function bodyOf<S extends TSchema>(request: FastifyRequest, schema: S): Static<S> {
  const validator = validatorOf(schema);
  const { body } = request;
  if (validator.Check(body)) return body as Static<S>;
  const [, errors] = validator.Errors(body);
  const [first] = (errors as Finding[]).filter((error) => error.keyword !== 'boolean'); // repeats `additionalProperties` for each name
  if (!first) throw new Refusal('request-malformed', 'Malformed request body');
  const path = first.instancePath.split('/').slice(1);
  const value = path.reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], body);
  // Of a secret nothing is repeated.
  const seen = path.some((key) => /pass/i.test(key)) ? '(not shown)' : python(value);
  throw new Refusal(
    'request-invalid',
    `Invalid input for field/attribute ${path.at(-1) ?? 'body'}. Value: ${short(seen)}. ${why(first, short(seen))}`,
  );
}

type Finding = { keyword: string; instancePath: string; params: Record<string, unknown>; message: string };

/** jsonschema's words (Python) for the kinds of error there are. */
function why({ keyword, params, message }: Finding, seen: string): string {
  switch (keyword) {
    case 'additionalProperties': {
      const extra = (params['additionalProperties'] as string[]).map(python);
      return `Additional properties are not allowed (${extra.join(', ')} ${extra.length > 1 ? 'were' : 'was'} unexpected)`;
    }
    case 'required':
      return `${python((params['requiredProperties'] as string[])[0])} is a required property`;
    case 'type':
      return `${seen} is not of type ${python(params['type'])}`;
    case 'pattern':
      return `${seen} does not match ${python(params['pattern'])}`;
    case 'minLength':
    case 'minItems':
      return `${seen} is too short`;
    case 'maxLength':
    case 'maxItems':
      return `${seen} is too long`;
    case 'minimum':
      return `${seen} is less than the minimum of ${params['limit']}`;
    case 'maximum':
      return `${seen} is greater than the maximum of ${params['limit']}`;
    case 'enum':
    case 'const':
    case 'anyOf':
      return `${seen} is not valid under any of the given schemas`;
    default:
      return `${seen} ${message}`;
  }
}

/** A JSON value as Python would write it. */
export function python(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([key, part]) => `${python(key)}: ${python(part)}`)
      .join(', ')}}`;
  return String(value);
}

const short = (text: string) => (text.length > 500 ? `${text.slice(0, 500)}…` : text);
