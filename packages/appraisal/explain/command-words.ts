// Which words of a command line are others? Only where both are proven: what is known good carries the text a log once claimed, and here it
// counts when its digest is the hash of it.
import { createHash } from 'node:crypto';
import { escaped } from '@assay/core';
import { commandWords, dataVouchedFor } from '@assay/measurement';
import type { Bank, ReferenceEvent } from '@assay/protocol';
import type { QuotedEvent } from '../reference/learn.ts';

export type WordChanges = { added: string[]; removed: string[]; reordered: boolean };

export function wordChanges(before: string, after: string): WordChanges {
  const [old, now] = [commandWords(before), commandWords(after)];
  const [removed, added] = [without(old, now), without(now, old)];
  return { added, removed, reordered: added.length === 0 && removed.length === 0 && old.join(' ') !== now.join(' ') };
}

/** Words of `list` that `other` has not, or not as often. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const word of other) left.set(word, (left.get(word) ?? 0) + 1);
  return list.filter((word) => {
    const count = left.get(word) ?? 0;
    if (count > 0) left.set(word, count - 1);
    return count === 0;
  });
}

/** `… added debug, removed quiet`; on one line, safe to print. Empty: nothing differs. */
export function changesInWords({ added, removed, reordered }: WordChanges): string {
  const parts = [
    ...(removed.length > 0 ? [`without ${removed.map(escaped).join(' ')}`] : []),
    ...(added.length > 0 ? [`… ${added.map(escaped).join(' ')}`] : []),
    ...(reordered ? ['the same words in another order'] : []),
  ];
  const text = parts.join(', ');
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
const longestText = 500;

/** The words an event measured; undefined when it is no command or its digest does not vouch for them. */
export function provenWords({ event }: QuotedEvent, bank: Bank): string | undefined {
  if (event.kind !== 'ipl' || !event.content || dataVouchedFor(event, bank) !== true) return undefined;
  return event.content.command === undefined && event.pcr !== 12 && event.pcr !== 8 ? undefined : event.content.words;
}

/** Likewise of a reference value, whose text was a log's: `kernel command line: “kernel_cmdline: /vmlinuz quiet”`. */
export function knownWords({ description, digests }: ReferenceEvent, bank: Bank): string | undefined {
  const text = /“(.*)”$/s.exec(description)?.[1];
  const digest = digests[bank];
  if (text === undefined || digest === undefined) return undefined;
  const words = text.replace(/^(grub_cmd|kernel_cmdline|module_cmdline): ?/, '');
  const spellings = [Buffer.from(words), Buffer.from(`${words}\0`)];
  const wide = [Buffer.from(words, 'utf16le'), Buffer.from(`${words}\0`, 'utf16le')];
  const isProven = [...spellings, ...wide].some((bytes) => createHash(bank).update(bytes).digest('hex') === digest);
  return isProven ? words : undefined;
}

/** Undefined: the words of one of them are not proven. */
export function differingWords(
  expected: ReferenceEvent | undefined,
  seen: QuotedEvent | undefined,
  bank: Bank,
): string | undefined {
  const before = expected && knownWords(expected, bank);
  const after = seen && provenWords(seen, bank);
  if (before === undefined || after === undefined) return undefined;
  return changesInWords(wordChanges(before, after)) || undefined;
}
