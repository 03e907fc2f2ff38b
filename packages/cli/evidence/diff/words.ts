// How do two kernel command lines differ? Word by word, for order rarely matters to a kernel; where it does, it is said.
import { commandWords } from '@assay/measurement';
import { missing } from './change.ts';

const nameOf = (word: string) => word.replace(/=.*$/s, '');

/** One line each: `added init=/bin/sh`, `quiet removed`, `root=/dev/sda1 → /dev/sdb1`. Empty: the same words in the same order. */
export function wordChanges(before: string, after: string): string[] {
  const [old, now] = [commandWords(before), commandWords(after)];
  const gone = missing(old, now, String);
  const come = missing(now, old, String);
  const changes: string[] = [];
  for (const word of gone) {
    const name = nameOf(word);
    const successors = come.filter((other) => nameOf(other) === name);
    const only = successors.length === 1 && gone.filter((other) => nameOf(other) === name).length === 1;
    const successor = only && word.includes('=') ? successors[0] : undefined;
    if (successor === undefined) changes.push(`removed ${word}`);
    else {
      come.splice(come.indexOf(successor), 1);
      changes.push(`${word} → ${successor.slice(name.length + 1)}`);
    }
  }
  for (const word of come) changes.push(`added ${word}`);
  if (changes.length === 0 && old.join(' ') !== now.join(' ')) changes.push('the same words in another order');
  return changes;
}
