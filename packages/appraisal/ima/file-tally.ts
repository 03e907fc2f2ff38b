// How many files are good, how many are not, and which? Counted entry by entry over any number of rounds; of bounded size, however long the list.
import type { ImaPart } from '@assay/measurement';
import type { FileJudge, Outcome } from './file-judge.ts';
import type { BadFile, FilesState } from './files-state.ts';

/** Files that are kept by name, and the characters their names and what is known of them may have together. */
const mostBad = 200;
const mostText = 64 * 1024;
const mostValues = 200;
/** Entries between two stops. */
const atOnce = 16;

export class FileTally {
  offset: number;
  entries: number;
  readonly #counts: FilesState['counts'];
  readonly #bad: BadFile[];
  readonly #names: Set<string>;
  readonly #values: Set<string>;
  #text: number;

  constructor(previous: FilesState | undefined) {
    this.offset = previous?.list.offset ?? 0;
    this.entries = previous?.list.entries ?? 0;
    this.#counts = { ...(previous?.counts ?? { listed: 0, signed: 0, excluded: 0, bad: 0 }) };
    this.#bad = [...(previous?.bad ?? [])];
    this.#names = new Set(this.#bad.map(nameOf));
    this.#values = new Set(previous?.values);
    this.#text = this.#bad.reduce((sum, one) => sum + textOf(one), 0);
  }

  /** A part that begins where this stands. */
  take(part: ImaPart, judge: FileJudge): void {
    for (const _ of this.taking(part, judge));
  }

  /** The same, with a stop after every few entries: each may have a signature. */
  *taking(part: ImaPart, judge: FileJudge): Generator<void> {
    for (const outcome of judge.outcomes(part, this.entries)) {
      this.entries += 1;
      this.#count(outcome);
      if (this.entries % atOnce === 0) yield;
    }
    this.offset += part.bytes.length;
  }

  state(basis: string, list: FilesState['list']): FilesState {
    return { basis, list, counts: this.#counts, bad: this.#bad, values: [...this.#values] };
  }

  #count(outcome: Outcome): void {
    if (outcome.is === 'none') return;
    this.#counts[outcome.is] += 1;
    if (outcome.is === 'listed' && this.#values.size < mostValues) this.#values.add(outcome.value);
    if (outcome.is === 'bad') this.#keep(outcome.file);
  }

  /** Each file once; what has no room is counted alone, but never the first. */
  #keep(given: BadFile): void {
    const file = cutShort(given);
    const size = textOf(file);
    if (this.#bad.length >= mostBad || this.#text + size > mostText || this.#names.has(nameOf(file))) return;
    this.#names.add(nameOf(file));
    this.#bad.push(file);
    this.#text += size;
  }
}

/** A list says what it likes, as long as it likes. The first few always have room. */
const longestText = 4096;
const short = (text: string) => (text.length > longestText ? `${text.slice(0, longestText)}…` : text);
const cutShort = ({ path, algorithm, digest, expected, ...rest }: BadFile): BadFile => ({
  ...rest,
  path: short(path),
  algorithm: short(algorithm),
  digest: short(digest),
  expected: short(expected),
});

const nameOf = ({ path, algorithm, digest }: BadFile) => `${algorithm}:${digest} ${path}`;
const textOf = ({ path, expected, digest, algorithm }: BadFile) =>
  path.length + expected.length + digest.length + algorithm.length;
