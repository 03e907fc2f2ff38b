// Where does what was measured depart from a sequence that is known? As a person would say it: this one instead of that one, one more, one
// missing. It decides nothing: whether a component is known good, reference/compare.ts says.
import type { Bank, ReferenceEvent } from '@assay/protocol';
import type { QuotedEvent } from '../reference/learn.ts';
import { equal, isSamePlace } from '../reference/sequence.ts';

/** One departure: one in the other's place, one more (`seen` alone), one missing (`expected` alone). */
export type Departure =
  | { expected: ReferenceEvent; seen: QuotedEvent }
  | { expected: undefined; seen: QuotedEvent }
  | { expected: ReferenceEvent; seen: undefined };

export type Alignment = {
  departures: readonly Departure[];
  /** Measured as known, in order. */
  same: readonly QuotedEvent[];
};

/** Cells of the table; a hostile log has 8,192 events, and a longer middle is paired one by one. */
const mostCells = 1_000_000;

/** @param banks in which digests have to be equal; none: nothing is */
export function align(
  known: readonly ReferenceEvent[],
  seen: readonly QuotedEvent[],
  banks: readonly Bank[],
): Alignment {
  const shorter = Math.min(known.length, seen.length);
  let front = 0;
  while (front < shorter && equal(known[front], seen[front], banks)) front++;
  let back = 0;
  while (back < shorter - front && equal(known.at(-1 - back), seen.at(-1 - back), banks)) back++;
  const middle = pair(known.slice(front, known.length - back), seen.slice(front, seen.length - back), banks);
  return {
    departures: middle.departures,
    same: [...seen.slice(0, front), ...middle.same, ...seen.slice(seen.length - back)],
  };
}

/** The fewest departures, by a table of what each pair of rests costs. */
function pair(
  known: readonly ReferenceEvent[],
  seen: readonly QuotedEvent[],
  banks: readonly Bank[],
): Alignment & { same: QuotedEvent[] } {
  const width = seen.length + 1;
  const isTooLarge = (known.length + 1) * width > mostCells;
  const cost = isTooLarge ? undefined : costs(known, seen, banks);
  const departures: Departure[] = [];
  const same: QuotedEvent[] = [];
  let [i, j] = [0, 0];
  while (i < known.length || j < seen.length) {
    const [expected, got] = [known[i], seen[j]];
    const here = cost?.[i * width + j] ?? 0;
    const after = (di: number, dj: number) => cost?.[(i + di) * width + j + dj] ?? 0;
    if (expected && got && equal(expected, got, banks) && here === after(1, 1)) {
      same.push(got);
      i++;
      j++;
    } else if (expected && got && isSamePlace(expected, got) && (!cost || here === after(1, 1) + 1)) {
      departures.push({ expected, seen: got });
      i++;
      j++;
    } else if (got && (!expected || (cost && here === after(0, 1) + 1))) {
      departures.push({ expected: undefined, seen: got });
      j++;
    } else if (expected) {
      departures.push({ expected, seen: undefined });
      i++;
    }
  }
  return { departures, same };
}

function costs(known: readonly ReferenceEvent[], seen: readonly QuotedEvent[], banks: readonly Bank[]): Uint16Array {
  const width = seen.length + 1;
  const cost = new Uint16Array((known.length + 1) * width);
  const at = (i: number, j: number) => cost[i * width + j] ?? 0;
  for (let i = known.length; i >= 0; i--)
    for (let j = seen.length; j >= 0; j--) {
      if (i === known.length || j === seen.length) {
        cost[i * width + j] = known.length - i + seen.length - j;
        continue;
      }
      const instead = equal(known[i], seen[j], banks) ? 0 : place(known[i], seen[j]) ? 1 : 2;
      cost[i * width + j] = Math.min(at(i + 1, j + 1) + instead, at(i + 1, j) + 1, at(i, j + 1) + 1);
    }
  return cost;
}

const place = (a: ReferenceEvent | undefined, b: QuotedEvent | undefined): boolean =>
  a !== undefined && b !== undefined && isSamePlace(a, b);
