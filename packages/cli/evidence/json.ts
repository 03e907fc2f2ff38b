// A report as JSON for programs, piece by piece, so that a list of millions of entries never stands in memory as text.
// Control and format characters come as \u escapes: what a program prints of it again does not steer a terminal.

/** @param value plain data; an iterable that is no array is written as an array, one item at a time */
export function* jsonChunks(value: unknown, indent = ''): Generator<string> {
  const inner = `${indent}  `;
  if (value === null || typeof value !== 'object') {
    yield plain(value);
  } else if (Array.isArray(value) && value.every((item) => item === null || typeof item !== 'object')) {
    yield `[${value.map(plain).join(', ')}]`;
  } else if (isIterable(value)) {
    let some = false;
    for (const item of value) {
      yield some ? `,\n${inner}` : `[\n${inner}`;
      some = true;
      yield* jsonChunks(item, inner);
    }
    yield some ? `\n${indent}]` : '[]';
  } else {
    let some = false;
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue;
      yield `${some ? ',' : '{'}\n${inner}${plain(key)}: `;
      some = true;
      yield* jsonChunks(item, inner);
    }
    yield some ? `\n${indent}}` : '{}';
  }
}

const isIterable = (value: object): value is Iterable<unknown> => Symbol.iterator in value;

const plain = (value: unknown): string =>
  JSON.stringify(typeof value === 'bigint' ? value.toString() : value).replace(
    /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) =>
      [...Array(character.length).keys()]
        .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
        .join(''),
  );
