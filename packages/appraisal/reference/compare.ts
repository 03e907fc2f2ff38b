// Is what a component measured known to be good? Its measurements must equal, one by one and in order, those of a host
// somebody called golden. Nothing is known about a component without reference values.
import { dataVouchedFor } from '@assay/measurement';
import { type Bank, componentName, type Finding, type ReferenceEvent } from '@assay/protocol';
import { finding } from '../findings/finding.ts';
import type { KnownGood } from './known-good.ts';
import type { QuotedEvent } from './learn.ts';

/** `values`: ids of what it is good by. */
export type Comparison = { known: true; values: string[] } | { known: false; finding: Finding };

/**
 * @param seen of this component, covered by the quote
 * @param knownGood all values there are, of any component
 * @param quoted PCRs and banks the quote covers: others are not compared
 */
export function compare(
  component: string,
  seen: readonly QuotedEvent[],
  knownGood: KnownGood,
  quoted: Quoted,
): Comparison {
  const banks = quoted.map(({ hash }) => hash as Bank);
  const sequences = knownGood.sequences(component, quoted);
  if (sequences.length === 0) return { known: false, finding: missing(component, banks) };
  const same = sequences.find(
    ({ events }) => events.length === seen.length && events.every((one, i) => equal(one, seen[i], banks)),
  );
  if (same) return { known: true, values: [same.value.id] };
  const differences = sequences.map(({ events }) => difference(events, seen, banks));
  const nearest = differences.reduce((best, next) => (next.distance < best.distance ? next : best));
  return { known: false, finding: unknown(component, nearest, banks) };
}

type Quoted = readonly { hash: string; pcrs: readonly number[] }[];
/** Where two sequences part: `expected` was left out, `seen` is new, or one stands in the other's place. */
type Difference = { distance: number; expected: ReferenceEvent | undefined; seen: QuotedEvent | undefined };

function difference(known: readonly ReferenceEvent[], seen: readonly QuotedEvent[], banks: Bank[]): Difference {
  const same = (a: ReferenceEvent | undefined, b: QuotedEvent | undefined) => a && equal(a, b, banks);
  const shorter = Math.min(known.length, seen.length);
  let front = 0;
  while (front < shorter && same(known[front], seen[front])) front++;
  let back = 0;
  while (back < shorter - front && same(known.at(-1 - back), seen.at(-1 - back))) back++;
  const distance = Math.max(known.length, seen.length) - front - back;
  return {
    distance,
    expected: front < known.length - back ? known[front] : undefined,
    seen: front < seen.length - back ? seen[front] : undefined,
  };
}

const equal = (a: ReferenceEvent, b: QuotedEvent | undefined, banks: Bank[]): boolean =>
  b !== undefined &&
  a.pcr === b.event.pcr &&
  a.type === b.event.type &&
  banks.every((bank) => a.digests[bank] === b.digests[bank]);

const missing = (component: string, banks: Bank[]): Finding =>
  finding('reference-missing', 'reference values', `${banks.join(' and ')} values of a golden host`, learnHint, {
    component,
  });
const learnHint = 'none: run `assay reference learn HOST`';

function unknown(component: string, { expected, seen }: Difference, banks: Bank[]): Finding {
  const bank = banks.find((one) => expected?.digests[one] !== seen?.digests[one]) ?? banks[0] ?? 'sha256';
  const digest = (of: Pick<ReferenceEvent, 'digests'> | undefined) => of && `${bank} ${of.digests[bank]}`;
  const moved = expected && seen && (expected.pcr !== seen.event.pcr || expected.type !== seen.event.type);
  const named = (of: ReferenceEvent) => `${digest(of)} (PCR ${of.pcr}, ${of.type}, ${of.description})`;
  // What its data says is said only where the digest proves it: a command line in words, not which file an image was.
  const proven = seen && dataVouchedFor(seen.event, bank);
  const where = seen
    ? `event ${seen.event.index} (PCR ${seen.event.pcr}, ${seen.event.type}, ${seen.role})`
    : `${componentName(component)} measurements`;
  return finding(
    'measurement-unknown',
    where,
    expected
      ? moved || !seen
        ? named(expected)
        : `${digest(expected)}${proven ? ` (${expected.description})` : ''}`
      : 'no further measurement',
    seen ? `${digest(seen)}${proven ? ` (${seen.reference.description})` : ''}` : 'none',
    { component, ...(seen && { event: seen.event.index, pcr: seen.event.pcr }) },
  );
}
