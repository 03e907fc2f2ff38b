// What can go wrong, said so that a person can mend it: a failure that was foreseen is an AssayError,
// anything else that is thrown is a bug and keeps its stack.

/** What went wrong, in one line: a stable code, a place one can go to, what was expected there, what came. */
export class AssayError extends Error {
  /** Stable, kebab-case, documented and tested for: `wire-short`. The wording of the message is not stable. */
  readonly code: string;
  /** A place one can go to: a structure and offset, a file with section and option, a URL, a host. */
  readonly where: string;
  readonly expected: string;
  readonly got: unknown;
  /** What to do about it, when that does not follow from `expected`. */
  readonly hint: string | undefined;

  constructor(
    code: string,
    where: string,
    expected: string,
    got: unknown,
    options: { cause?: unknown; hint?: string } = {},
  ) {
    const hint = options.hint ? `; ${options.hint}` : '';
    super(
      `${escaped(where)}: expected ${escaped(expected)}, got ${shown(got)}${hint}`,
      'cause' in options ? { cause: options.cause } : undefined,
    );
    this.name = 'AssayError';
    this.code = code;
    this.where = where;
    this.expected = expected;
    this.got = got;
    this.hint = options.hint;
  }
}

const longest = 200;

/** Any value on one line, with control characters escaped and no more than 200 characters of it. Never throws, never dear. */
export function shown(value: unknown): string {
  const text = plain(value);
  const line = escaped(text.slice(0, longest)); // cut before it is escaped: a peer may have sent megabytes
  const shorter = line.length > longest || text.length > longest;
  return shorter ? `${line.slice(0, longest)}… (${text.length} characters)` : line || 'nothing';
}

function plain(value: unknown): string {
  if (value instanceof Uint8Array) return `0x${value.subarray(0, longest).toHex()}`;
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.message;
  try {
    return JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? part.toString() : part)) ?? String(value);
  } catch {
    return 'a value that cannot be shown'; // nested too deep, or in itself
  }
}

/** Text from outside made fit for one line of a log or a terminal: control and format characters become `\u{…}`. */
export function escaped(text: string): string {
  if (usual.test(text)) return text;
  return text.replace(others, (character) =>
    unfit.test(character) ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}` : character,
  );
}

// Unicode's categories are dear to look up for every character, so most are passed by their ranges.
const usual = /^[ -~\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027]*$/;
const others = /[\ud800-\udbff][\udc00-\udfff]|[^ -~\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027]/g;
const unfit = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
