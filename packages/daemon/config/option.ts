// What may an option hold? Declared once; parser, errors and the sample files in etc/ follow from it.
import { dirname, resolve } from 'node:path';

/** A declared option. `read` gives `undefined` for text that is not a legal value. */
export type Option<T> = {
  /** What the sample file calls it: `port`, `boolean`. */
  readonly kind: string;
  /** What a legal value looks like: `a port from 1 to 65535`. */
  readonly expected: string;
  readonly help: string;
  readonly presence: 'required' | 'default' | 'optional';
  readonly default: T | undefined;
  /** Former names in the same section, or `section.name`: still read, with a warning. */
  readonly aliases: readonly string[];
  /** Its value is never shown, in errors either. */
  readonly secret: boolean;
  /** Takes every repetition in all files, not only the last. */
  readonly multi: boolean;
  /** May the value be written as nothing? */
  readonly empty: boolean;
  /** Shown in sample files in place of a default that differs from machine to machine. */
  readonly sample: string | undefined;
  readonly read: (text: string, file: string) => T | undefined;
  readonly write: (value: T) => string;
};

/** What a package's `options.ts` exports: section → option → declaration. */
// biome-ignore lint/suspicious/noExplicitAny: options of every type stand side by side; Conf gives each its own back
export type Sections = Record<string, Record<string, Option<any>>>;

/** `help`: one or more sentences for the operator. Without `default` and `optional` the option is required. */
type Common<T> = {
  help: string;
  default?: T;
  optional?: true;
  aliases?: readonly string[];
  sample?: string;
};
type Held<S, T> = S extends { optional: true } ? T | undefined : T;

type Kind<T> = Pick<Option<T>, 'kind' | 'expected' | 'read'> & Partial<Option<T>>;

function option<T, S extends Common<T>>(given: S, kind: Kind<T>): Option<Held<S, T>> {
  const presence = given.optional ? 'optional' : 'default' in given ? 'default' : 'required';
  return {
    help: given.help,
    presence,
    default: given.default,
    aliases: given.aliases ?? [],
    sample: given.sample,
    secret: false,
    multi: false,
    empty: false,
    write: String,
    ...kind,
  } as Option<Held<S, T>>;
}

/** Any text, lines joined by `\n`. Empty text is legal where the option has a default. */
export const text = <S extends Common<string>>(given: S) =>
  option<string, S>(given, {
    kind: 'text',
    expected: 'some text',
    read: (value) => value,
    empty: 'default' in given,
  });

/** One of these words exactly. */
export const oneOf = <const W extends string, S extends Common<W>>(words: readonly W[], given: S) =>
  option<W, S>(given, {
    kind: 'choice',
    expected: words.join(' or '),
    read: (value) => words.find((word) => word === value),
  });

/** A whole number; `min` and `max` included. */
export const integer = <S extends Common<number> & { min?: number; max?: number }>(given: S) =>
  option<number, S>(given, {
    kind: 'integer',
    expected: `a whole number${range(given)}`,
    read: (value) => (/^[+-]?\d{1,15}$/.test(value) ? within(Number(value), given) : undefined),
  });

/** A decimal number; `min` and `max` included. */
export const number = <S extends Common<number> & { min?: number; max?: number }>(given: S) =>
  option<number, S>(given, {
    kind: 'number',
    expected: `a number${range(given)}`,
    read: (value) =>
      /^[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})$/.test(value) ? within(Number(value), given) : undefined,
  });

/** A TCP port, 1–65535; with `min: 0` also 0, "choose a free one". */
export const port = <S extends Common<number> & { min?: 0 | 1 }>(given: S) =>
  option<number, S>(given, {
    kind: 'port',
    expected: `a port from ${given.min ?? 1} to 65535`,
    read: (value) => (/^\d{1,5}$/.test(value) ? within(Number(value), { min: given.min ?? 1, max: 65535 }) : undefined),
  });

const yes = ['true', '1', 'on', 'yes'];
const no = ['false', '0', 'off', 'no'];
/** oslo.config's boolean words, in any case. */
export const flag = <S extends Common<boolean>>(given: S) =>
  option<boolean, S>(given, {
    kind: 'boolean',
    expected: 'true, 1, on, yes, false, 0, off or no',
    read: (value) => (yes.includes(value.toLowerCase()) ? true : no.includes(value.toLowerCase()) ? false : undefined),
  });

/** Words separated by commas; written as nothing it is the empty list. */
export const list = <S extends Common<readonly string[]>>(given: S) =>
  option<readonly string[], S>(given, {
    kind: 'list',
    expected: 'words separated by commas',
    empty: true,
    read: (value) => {
      const words = value.trim().replace(/,+$/, '');
      return words === '' ? [] : words.split(',').map((word) => word.trim());
    },
    write: (words) => words.join(', '),
  });

/** An option that may be repeated; each repetition is one text. */
export const multi = <S extends Common<readonly string[]>>(given: S) =>
  option<readonly string[], S>(given, {
    kind: 'text, may be repeated',
    expected: 'some text',
    multi: true,
    read: (value) => [value],
    write: (values) => values.join('\n'),
  });

/** A file or folder, made absolute: a relative one counts from the folder of the configuration file it stands in. */
export const path = <S extends Common<string>>(given: S) =>
  option<string, S>(given, {
    kind: 'path',
    expected: 'the path of a file or folder',
    read: (value, file) => (value.includes('\n') ? undefined : resolve(dirname(file), value)),
  });

/** A shared secret: never shown, and its file must not be readable by others. */
export const secret = <S extends Omit<Common<string>, 'default'>>(given: S) =>
  option<string, S>(given, { kind: 'secret', expected: 'a secret', read: (value) => value, secret: true });

function within(value: number, { min, max }: { min?: number; max?: number }): number | undefined {
  return value >= (min ?? -Infinity) && value <= (max ?? Infinity) ? value : undefined;
}

function range({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` not below ${min}`;
  return max !== undefined ? ` not above ${max}` : '';
}
