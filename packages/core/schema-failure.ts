// What does a JSON Schema expect where a value does not meet it, in words for whoever wrote the value? A part's `title` says it where a pattern would not.

/** One failure, as checkers of JSON Schema report it. */
export type SchemaFailure = {
  readonly keyword: string;
  /** JSON pointers (RFC 6901): into the schema, with `#` before, and into the value. */
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
};

export type Expectation = {
  /** Pointer into the value; empty: all of it. */
  readonly at: string;
  readonly expected: string;
  /** Whether `got` may be shown to whoever sent it: what has a name or a fixed value is no secret. */
  readonly open: boolean;
  readonly got: unknown;
};

/** @param failures in the order the checker found them; none: it did not say */
export function expectationOf(schema: object, failures: readonly SchemaFailure[], value: unknown): Expectation {
  const meant = inMeantBranch(failures);
  const [first] = meant;
  if (!first) return { at: '', expected: 'another shape', open: false, got: value };
  const { keyword, instancePath: at, schemaPath, params, message } = first;
  const got = partAt(value, at.split('/').slice(1));
  const fixed = meant.filter((one) => one.keyword === 'const' && one.instancePath === at);
  if (keyword === 'const' && fixed.length > 0) {
    const values = fixed.map((one) => String((one.params as { allowedValue?: unknown }).allowedValue));
    return { at, expected: listOf([...new Set(values)]), open: true, got };
  }
  const { title } = (partAt(schema, schemaPath.split('/').slice(1)) ?? {}) as { title?: unknown };
  if (typeof title === 'string' && typeof got === 'string') return { at, expected: title, open: true, got };
  if (keyword === 'maxLength' && typeof got === 'string')
    return {
      ...{ at, expected: `at most ${(params as { limit?: number }).limit} characters`, open: true },
      got: `${[...got].length} characters`,
    };
  return { at, expected: message.replace(/^must /, 'it to '), open: false, got };
}

/** Of a union whose members have a fixed word each (`form`, `type`), the member with the word that came is meant; others say nothing. */
function inMeantBranch(failures: readonly SchemaFailure[]): readonly SchemaFailure[] {
  const others = new Set(
    failures.flatMap(({ keyword, schemaPath }) => {
      const branch = keyword === 'const' ? /^(.*\/anyOf\/\d+)\/properties\/[^/]+$/.exec(schemaPath)?.[1] : undefined;
      return branch === undefined ? [] : [branch];
    }),
  );
  const meant = failures.filter(
    ({ keyword, schemaPath }) =>
      keyword !== 'anyOf' &&
      ![...others].some((branch) => schemaPath === branch || schemaPath.startsWith(`${branch}/`)),
  );
  return meant.length > 0 ? meant : failures;
}

function partAt(value: unknown, names: readonly string[]): unknown {
  let part = value;
  for (const name of names)
    part = typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[name] : undefined;
  return part;
}

const listOf = (words: readonly string[]): string =>
  words.length > 1 ? `${words.slice(0, -1).join(', ')} or ${words.at(-1)}` : (words[0] ?? 'nothing');
