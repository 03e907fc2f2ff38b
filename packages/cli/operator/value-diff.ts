// In what do two reference values differ? What one has and the other has not, by what was measured; for sequences, the order as well.
import { AssayError } from '@assay/core';
import { componentName, type ReferenceContent } from '@assay/protocol';

/** A thing that is good by one value. `key` tells which it is, `line` all of it. */
type Item = { key: string; line: string };

export type ValueDiff = {
  /** Only in the first, only in the second. */
  removed: string[];
  added: string[];
  /** The same thing with another digest. */
  changed: { from: string; to: string }[];
  same: number;
};

type Side = { id: string; component: string; content?: ReferenceContent };

/** @throws AssayError `reference-incomparable` for values of two components or forms */
export function valueDiff(a: Side, b: Side): ValueDiff {
  const [left, right] = [contentOf(a), contentOf(b)];
  if (a.component !== b.component || left.form !== right.form)
    throw new AssayError(
      'reference-incomparable',
      `${a.id} and ${b.id}`,
      'two values of one component and one form',
      `${componentName(a.component)} as ${left.form}, ${componentName(b.component)} as ${right.form}`,
    );
  const [old, now] = [itemsOf(left), itemsOf(right)];
  const kept = left.form === 'sequence' ? commonRun(old, now) : commonSet(old, now);
  const removed = old.filter((_, at) => !kept.left.has(at));
  const added = now.filter((_, at) => !kept.right.has(at));
  return { ...paired(removed, added), same: kept.left.size };
}

function contentOf({ id, content }: Side): ReferenceContent {
  if (content) return content;
  throw new AssayError('reference-incomparable', `reference value ${id}`, 'its content', 'none in the answer');
}

const digests = (by: Record<string, string>) =>
  Object.entries(by)
    .sort()
    .map(([algorithm, digest]) => `${algorithm} ${digest}`)
    .join(' ');

function itemsOf(content: ReferenceContent): Item[] {
  switch (content.form) {
    case 'sequence':
      return content.events.map((event) => ({
        key: `PCR ${event.pcr} ${event.type}`,
        line: `PCR ${event.pcr} ${event.type} ${digests(event.digests)}`,
        // The description is claimed: two logs may word one measurement differently.
      }));
    case 'measurements':
      return content.measurements.map((one) => ({ key: one.claim, line: `${one.claim} ${digests(one.digests)}` }));
    case 'pcr-values':
      return content.values.map(({ bank, pcr, value }) => ({
        key: `PCR ${pcr} ${bank}`,
        line: `PCR ${pcr} ${bank} ${value}`,
      }));
    case 'files':
      return content.files.map((file) => ({ key: file.path, line: `${file.path} ${digests(file.digests)}` }));
  }
}

type Kept = { left: Set<number>; right: Set<number> };

/** What both have, whatever the order; a thing that is there twice is matched twice. */
function commonSet(old: readonly Item[], now: readonly Item[]): Kept {
  const places = Map.groupBy(now.keys(), (at) => now[at]?.line ?? '');
  const left = new Set<number>();
  const right = new Set<number>();
  for (const [at, { line }] of old.entries()) {
    const match = places.get(line)?.shift();
    if (match === undefined) continue;
    left.add(at);
    right.add(match);
  }
  return { left, right };
}

/** The longest common subsequence, between what both begin and end with. Components measure some hundred events. */
function commonRun(old: readonly Item[], now: readonly Item[]): Kept {
  const left = new Set<number>();
  const right = new Set<number>();
  const keep = (i: number, j: number) => {
    left.add(i);
    right.add(j);
  };
  let start = 0;
  while (start < old.length && start < now.length && old[start]?.line === now[start]?.line) keep(start, start++);
  let [oldEnd, nowEnd] = [old.length, now.length];
  while (oldEnd > start && nowEnd > start && old[oldEnd - 1]?.line === now[nowEnd - 1]?.line) keep(--oldEnd, --nowEnd);
  const width = nowEnd - start + 1;
  // Two sequences of 8192 events that have nothing in common would take a table of 256 MB: then order is not looked at.
  if ((oldEnd - start + 1) * width > 16_000_000) {
    const rest = commonSet(old.slice(start, oldEnd), now.slice(start, nowEnd));
    for (const at of rest.left) left.add(start + at);
    for (const at of rest.right) right.add(start + at);
    return { left, right };
  }
  const lengths = new Uint16Array((oldEnd - start + 1) * width);
  const at = (i: number, j: number) => (i - start) * width + (j - start);
  for (let i = oldEnd - 1; i >= start; i--)
    for (let j = nowEnd - 1; j >= start; j--)
      lengths[at(i, j)] =
        old[i]?.line === now[j]?.line
          ? (lengths[at(i + 1, j + 1)] ?? 0) + 1
          : Math.max(lengths[at(i + 1, j)] ?? 0, lengths[at(i, j + 1)] ?? 0);
  for (let i = start, j = start; i < oldEnd && j < nowEnd; ) {
    if (old[i]?.line === now[j]?.line) keep(i++, j++);
    else if ((lengths[at(i + 1, j)] ?? 0) >= (lengths[at(i, j + 1)] ?? 0)) i++;
    else j++;
  }
  return { left, right };
}

/** What is gone and what is new of the same key is one change. */
function paired(removed: readonly Item[], added: readonly Item[]): Omit<ValueDiff, 'same'> {
  const waiting = Map.groupBy(added.keys(), (at) => added[at]?.key ?? '');
  const changed: { from: string; to: string }[] = [];
  const matched = new Set<number>();
  const gone = removed.filter(({ key, line }) => {
    const at = waiting.get(key)?.shift();
    const to = at === undefined ? undefined : added[at]?.line;
    if (at === undefined || to === undefined) return true;
    matched.add(at);
    changed.push({ from: line, to });
    return false;
  });
  return {
    removed: gone.map(({ line }) => line),
    added: added.filter((_, at) => !matched.has(at)).map(({ line }) => line),
    changed,
  };
}
