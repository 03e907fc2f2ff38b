// Does this text fit a pattern of a policy? `*` and what it stands for, nothing else: no pattern and no text of a host make it slow.
// All places of the pattern at which a text can stand are the bits of a few words: a character costs one step for 32 of them.
import { kernelBlanks } from './kernel-words.ts';

/**
 * `path`: `*` stands for characters but `/`, `**` for any. `line`, of a command line as `kernelBytes` has it: `*` for bytes but what ends a word
 * to the kernel, quotes, and what escapes them to others. `word`: `*` for any.
 * No star: the very same text.
 */
export type GlobKind = 'path' | 'line' | 'word';

/** One character, or a star with the characters it does not stand for. */
type Token = { char: string } | { star: string };

const excluded: Readonly<Record<GlobKind, string>> = { path: '/', line: `${kernelBlanks}"'\\`, word: '' };

export class Glob {
  readonly pattern: string;
  readonly #tokens: readonly Token[];
  readonly #prefix: string;
  /** Characters of the pattern: so many places a text can have come to, and the one before them. */
  readonly #length: number;
  /** At which places this character is the next. */
  readonly #next = new Map<number, Uint32Array>();
  /** At which places a star takes any character, at which it takes any but these. */
  readonly #any: Uint32Array;
  readonly #most: Uint32Array;
  readonly #stops: ReadonlySet<number>;
  readonly #nowhere: Uint32Array;

  constructor(pattern: string, kind: GlobKind) {
    this.pattern = pattern;
    const parts = pattern.split(/(\*+)/);
    const starOf = (stars: string) => (kind === 'path' && stars.length > 1 ? '' : excluded[kind]);
    this.#tokens = parts.flatMap((part): Token[] =>
      part.startsWith('*') ? [{ star: starOf(part) }] : part.split('').map((char) => ({ char })),
    );
    this.#prefix = parts[0] ?? '';
    this.#length = this.#tokens.filter((token) => 'char' in token).length;
    this.#stops = new Set(excluded[kind].split('').map((char) => char.charCodeAt(0)));
    [this.#any, this.#most, this.#nowhere] = [this.#places(), this.#places(), this.#places()];
    let place = 0;
    for (const token of this.#tokens) {
      if ('star' in token) {
        mark(this.#most, place);
        if (token.star === '') mark(this.#any, place);
        continue;
      }
      const code = token.char.charCodeAt(0);
      const places = this.#next.get(code) ?? this.#places();
      this.#next.set(code, mark(places, place));
      place += 1;
    }
  }

  matches(text: string): boolean {
    if (!text.startsWith(this.#prefix)) return false;
    const start = this.#prefix.length;
    if (start === this.#tokens.length) return text.length === start;
    const now = mark(this.#places(), start);
    for (let at = start; at < text.length; at++) if (!this.#step(now, text.charCodeAt(at))) return false;
    return isMarked(now, this.#length);
  }

  /** Moves every place over this character; false when none is left. */
  #step(now: Uint32Array, code: number): boolean {
    const next = this.#next.get(code) ?? this.#nowhere;
    const stay = this.#stops.has(code) ? this.#any : this.#most;
    let carry = 0;
    let left = 0;
    for (let i = 0; i < now.length; i++) {
      const here = now[i] as number;
      const moved = here & (next[i] as number);
      const then = (moved << 1) | carry | (here & (stay[i] as number));
      carry = moved >>> 31;
      now[i] = then;
      left |= then;
    }
    return left !== 0;
  }

  #places(): Uint32Array {
    return new Uint32Array((this.#length >>> 5) + 1);
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
}

function mark(places: Uint32Array, place: number): Uint32Array {
  places[place >>> 5] = (places[place >>> 5] as number) | (1 << (place & 31));
  return places;
}

const isMarked = (places: Uint32Array, place: number) => ((places[place >>> 5] as number) & (1 << (place & 31))) !== 0;
