// Does this text fit a pattern of a policy? `*` and what it stands for, nothing else: no pattern and no text of a host make it slow.
// The time is that of the lengths multiplied, at most; most texts are told apart by what stands before the first star.

/**
 * `path`: `*` stands for characters but `/`, `**` for any. `line`: `*` for characters but blanks. `word`: `*` for any.
 * No star: the very same text.
 */
export type GlobKind = 'path' | 'line' | 'word';

/** One character, or a star with the characters it does not stand for. */
type Token = { char: string } | { star: string };

const excluded: Readonly<Record<GlobKind, string>> = { path: '/', line: ' \t\n\v\f\r', word: '' };

export class Glob {
  readonly pattern: string;
  readonly #tokens: readonly Token[];
  readonly #prefix: string;

  constructor(pattern: string, kind: GlobKind) {
    this.pattern = pattern;
    const parts = pattern.split(/(\*+)/);
    const starOf = (stars: string) => (kind === 'path' && stars.length > 1 ? '' : excluded[kind]);
    this.#tokens = parts.flatMap((part): Token[] =>
      part.startsWith('*') ? [{ star: starOf(part) }] : part.split('').map((char) => ({ char })),
    );
    this.#prefix = parts[0] ?? '';
  }

  matches(text: string): boolean {
    const tokens = this.#tokens;
    if (!text.startsWith(this.#prefix)) return false;
    const start = this.#prefix.length;
    if (start === tokens.length) return text.length === start;
    let now = this.#stand(start, new Set());
    for (let at = start; at < text.length && now.size > 0; at++) {
      const next = new Set<number>();
      for (const i of now) {
        const token = tokens[i];
        if (!token) continue;
        if ('char' in token) {
          if (token.char === text[at]) this.#stand(i + 1, next);
        } else if (!token.star.includes(text[at] as string)) this.#stand(i, next);
      }
      now = next;
    }
    return now.has(tokens.length);
  }

  /** Whether there is a text that fits both. */
  meets(other: Glob): boolean {
    const [a, b] = [this.#tokens, other.#tokens];
    const seen = new Set<number>();
    const width = b.length + 1;
    const open: [number, number][] = [[0, 0]];
    const go = (i: number, j: number) => {
      if (seen.has(i * width + j)) return;
      seen.add(i * width + j);
      open.push([i, j]);
    };
    for (let pair = open.pop(); pair; pair = open.pop()) {
      const [i, j] = pair;
      const [left, right] = [a[i], b[j]];
      if (!left && !right) return true;
      if (left && 'star' in left) go(i + 1, j); // stands for nothing
      if (right && 'star' in right) go(i, j + 1);
      if (!left || !right) continue;
      if ('char' in left && 'char' in right && left.char === right.char) go(i + 1, j + 1);
      if ('char' in left && 'star' in right && !right.star.includes(left.char)) go(i + 1, j);
      if ('star' in left && 'char' in right && !left.star.includes(right.char)) go(i, j + 1);
    }
    return false;
  }

  /** This place, and those behind stars that stand for nothing. */
  #stand(at: number, places: Set<number>): Set<number> {
    for (let i = at; !places.has(i); i++) {
      places.add(i);
      const token = this.#tokens[i];
      if (!token || !('star' in token)) break;
    }
    return places;
  }
}
