// Which registered host is meant by this name? Schedulers ask by what a hypervisor calls itself, often an FQDN, OAT's tools by whatever they
// registered. Exact first, then without regard to case, then by alias; nothing is resolved, nobody is asked.
import { AssayError } from '@assay/core';
import type { HostAliasRow } from '../storage/schema.ts';

/**
 * Letters A–Z only: other scripts have letters that fold to one of these without being it. Names of hosts have lower-case letters alone
 * (HostName), so that no two of them fold to the same.
 */
export const folded = (name: string): string => name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

export type HostNames = ReturnType<typeof createHostNames>;

export function createHostNames() {
  const registered = new Set<string>();
  const hostOfAlias = new Map<string, string>();
  const aliases = new Map<string, readonly string[]>();

  const nameOf = (asked: string): string | undefined => {
    if (registered.has(asked)) return asked;
    const name = folded(asked);
    return registered.has(name) ? name : hostOfAlias.get(name);
  };
  const setAliases = (host: string, names: readonly string[]): void => {
    for (const alias of aliases.get(host) ?? []) hostOfAlias.delete(alias);
    for (const alias of names) hostOfAlias.set(alias, host);
    if (names.length > 0) aliases.set(host, names);
    else aliases.delete(host);
  };

  return {
    has: (host: string): boolean => registered.has(host),
    all: (): Iterable<string> => registered,
    /** Undefined: no host goes by that name. */
    nameOf,
    /** Folded, in alphabetical order. */
    aliasesOf: (host: string): readonly string[] => aliases.get(host) ?? [],

    /**
     * The names a host may go by: folded, each once, without its own.
     * @throws AssayError `alias-in-use`
     */
    freeAliases(host: string, wanted: readonly string[]): string[] {
      const names = [...new Set(wanted.map(folded))].filter((alias) => alias !== host).sort();
      for (const alias of names) {
        const owner = nameOf(alias);
        if (owner !== undefined && owner !== host)
          throw new AssayError('alias-in-use', `alias ${alias}`, 'a name by which no other host goes', `host ${owner}`);
      }
      return names;
    },

    load(hosts: readonly string[], rows: readonly HostAliasRow[]): void {
      for (const host of hosts) registered.add(host);
      for (const [host, of] of Map.groupBy(rows, (row) => row.host))
        setAliases(
          host,
          of.map(({ alias }) => alias),
        );
    },
    add: (host: string): void => void registered.add(host),
    setAliases,
    remove(host: string): void {
      setAliases(host, []);
      registered.delete(host);
    },
  };
}
