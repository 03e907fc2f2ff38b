// The output of sha256sum and its like (GNU coreutils), and of `shasum --tag` and BSD.
import { AssayError } from '@assay/core';
import { digestOf, type ListRow } from './row.ts';

const plain = /^(\\?)([0-9a-fA-F]{64,128}) [ *](.+)$/s;
const tagged = /^(\\?)(SHA256|SHA384|SHA512) \((.+)\) = ([0-9a-fA-F]+)$/s;

export const looksLikeSums = (text: string): boolean => {
  const line = text.split('\n', 1)[0]?.replace(/\r$/, '') ?? '';
  return plain.test(line) || tagged.test(line);
};

/** Empty lines are passed over. @throws AssayError `list-line` */
export function sumRows(text: string, where: string): ListRow[] {
  return text.split('\n').flatMap((raw, i) => {
    const line = raw.replace(/\r$/, '');
    if (line === '') return [];
    const place = `${where} line ${i + 1}`;
    const [, tagEscape, algorithm, tagPath = '', tagDigest = ''] = tagged.exec(line) ?? [];
    if (algorithm)
      return [
        { digests: digestOf(tagDigest, place, algorithm.toLowerCase()), path: named(tagPath, tagEscape, place), place },
      ];
    const [, escaped, digest, path = ''] = plain.exec(line) ?? [];
    if (!digest) throw new AssayError('list-line', place, 'a digest and a file, as sha256sum writes them', line);
    return [{ digests: digestOf(digest, place), path: named(path, escaped, place), place }];
  });
}

const meaning: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' };

/** A line that begins with a backslash has some in its name. */
function named(path: string, escaped: string | undefined, place: string): string {
  if (!escaped) return path;
  return path.replace(/\\(?:.|$)/gs, (pair) => {
    const one = meaning[pair];
    if (one === undefined) throw new AssayError('list-line', place, '\\\\, \\n or \\r', pair);
    return one;
  });
}
