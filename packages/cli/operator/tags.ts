// Which asset tags does an operator mean, and what became of them? `country=DE` sets one, `country-` takes it away; those not named stay.
import { AssayError, escaped } from '@assay/core';
import { checkTags, type Host, isTagName, type Tags, tagsText } from '@assay/protocol';

/** @throws AssayError `cli-tag` */
export function changedTags(tags: Tags, changes: readonly string[]): Tags {
  const result = new Map(Object.entries(tags));
  for (const change of changes) {
    const equals = change.indexOf('=');
    const name = equals < 0 ? change.slice(0, -1) : change.slice(0, equals);
    if (!isTagName(name) || (equals < 0 && !change.endsWith('-')))
      throw new AssayError('cli-tag', 'tag', 'NAME=VALUE, or NAME- to take it away', change);
    if (equals < 0) result.delete(name);
    else result.set(name, change.slice(equals + 1));
  }
  try {
    return checkTags(Object.fromEntries(result), 'tags');
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    throw new AssayError('cli-tag', cause.where, cause.expected, cause.got, { cause });
  }
}

/** `country=DE, certified by its TPM` */
export function tagsLine({ tags, connected }: Pick<Host, 'tags' | 'connected'>): string {
  if (!tags) return 'none';
  const why = tags.problem === undefined ? '' : `: ${escaped(tags.problem)}`;
  const waiting = connected ? 'its TPM has not certified them yet' : 'its agent is not connected';
  const states = {
    certified: 'certified by its TPM',
    pending: `pending${why || `: ${waiting}`}`,
    refused: `not certified now${why}`,
  };
  return `${escaped(tagsText(tags.tags))}, ${states[tags.state]}`;
}
