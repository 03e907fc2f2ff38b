// Which labels or other names does an operator mean? `zone=dmz` sets one, `zone-` takes it away; those not named stay.
import { AssayError } from '@assay/core';
import type { Labels } from '@assay/protocol';

/** The same of other names: `kvm01` adds one, `kvm01-` takes it away. @throws AssayError `cli-alias` */
export function changedAliases(aliases: readonly string[], changes: readonly string[]): string[] {
  const result = new Set(aliases);
  for (const change of changes) {
    const name = (change.endsWith('-') ? change.slice(0, -1) : change).replace(/[A-Z]/g, (letter) =>
      letter.toLowerCase(),
    );
    if (!/^[!-+\--~]{1,253}$/.test(name))
      throw new AssayError('cli-alias', 'alias', 'a name without blanks and commas, or NAME- to take it away', change);
    if (change.endsWith('-')) result.delete(name);
    else result.add(name);
  }
  return [...result];
}

/** @throws AssayError `cli-label` */
export function changedLabels(labels: Labels, changes: readonly string[]): Labels {
  const result = new Map(Object.entries(labels));
  for (const change of changes) {
    const equals = change.indexOf('=');
    const name = equals < 0 ? change.slice(0, -1) : change.slice(0, equals);
    if (!/^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?$/.test(name) || (equals < 0 && !change.endsWith('-')))
      throw new AssayError('cli-label', 'label', 'NAME=VALUE, or NAME- to take it away', change);
    if (equals < 0) result.delete(name);
    else result.set(name, change.slice(equals + 1));
  }
  return Object.fromEntries(result);
}
