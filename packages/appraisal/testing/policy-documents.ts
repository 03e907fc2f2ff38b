// Policy documents of every kind the schema lets pass, for tests that say what holds whatever an operator writes.
import { type Bank, components, type PolicyDocument, PolicyDocument as schema } from '@assay/protocol';
import fc from 'fast-check';

type Schema = {
  type?: string;
  const?: unknown;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  patternProperties?: Record<string, Schema>;
  items?: Schema;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
};

/** @param likely by path (`command_line.allow`): values that mean something, beside those that do not */
export function policyDocuments(
  likely: Readonly<Record<string, readonly unknown[]>> = {},
): fc.Arbitrary<PolicyDocument> {
  return arbitraryOf(schema as unknown as Schema, '', {
    known_good: components,
    'extras.name': ['extra', 'firmware'],
    'evidence.pcrs': [{ sha256: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] } satisfies Partial<Record<Bank, number[]>>],
    ...likely,
  }) as fc.Arbitrary<PolicyDocument>;
}

function arbitraryOf(
  of: Schema,
  path: string,
  likely: Readonly<Record<string, readonly unknown[]>>,
): fc.Arbitrary<unknown> {
  const values = likely[path];
  const item = of.type === 'array' && values ? fc.constantFrom(...values) : undefined;
  const made = item ? arrayOf(of, item) : plain(of, path, likely);
  return values && !item ? fc.oneof(fc.constantFrom(...values), made) : made;
}

function plain(of: Schema, path: string, likely: Readonly<Record<string, readonly unknown[]>>): fc.Arbitrary<unknown> {
  if (of.const !== undefined) return fc.constant(of.const);
  if (of.anyOf) return fc.oneof(...of.anyOf.map((one) => arbitraryOf(one, path, likely)));
  if (of.type === 'boolean') return fc.boolean();
  if (of.type === 'integer') return fc.integer({ min: of.minimum ?? 0, max: of.maximum ?? 1000 });
  if (of.type === 'string')
    return of.pattern ? fc.stringMatching(new RegExp(of.pattern, 'u')) : fc.string({ maxLength: 20 });
  if (of.type === 'array') return arrayOf(of, arbitraryOf(of.items ?? {}, path, likely));
  const [key, value] = Object.entries(of.patternProperties ?? {})[0] ?? [];
  if (key && value)
    return fc.dictionary(
      fc.stringMatching(new RegExp(key, 'u')).filter((name) => name.length < 30),
      arbitraryOf(value, `${path}.*`, likely),
      { minKeys: of.minProperties ?? 0, maxKeys: 2 },
    );
  const { properties = {}, required = [] } = of;
  const parts = Object.entries(properties).map(
    ([name, one]) => [name, arbitraryOf(one, path ? `${path}.${name}` : name, likely)] as const,
  );
  return fc.record(Object.fromEntries(parts), { requiredKeys: required });
}

const arrayOf = (
  { minItems: minLength = 0, uniqueItems }: Schema,
  item: fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> =>
  uniqueItems ? fc.uniqueArray(item, { minLength, maxLength: 5 }) : fc.array(item, { minLength, maxLength: 3 });
