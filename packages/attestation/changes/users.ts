// Which hosts need a reference value? Those whose present verdict rests on it; and those that are not heard any more and would need it, came they back.
import type { Registry } from '../registry/registry.ts';
import type { Db } from '../storage/schema.ts';

/** Names of hosts, in order. */
export type Users = {
  readonly hosts: readonly string[];
  /** Whose verdict rested on it, and has expired. */
  readonly lastHeard: readonly string[];
};

/** By id of value. A verdict past its expiry rests on nothing. */
export async function usersOf({
  db,
  registry,
}: {
  db: Db;
  registry: Pick<Registry, 'current' | 'given'>;
}): Promise<Map<string, Users>> {
  const users = new Map<string, { hosts: string[]; lastHeard: string[] }>();
  for (const { name } of await db.selectFrom('hosts').select('name').orderBy('name').execute()) {
    const given = registry.given(name);
    const present = idsIn(given.map(({ pool }) => registry.current(name, pool).verdict));
    for (const id of new Set([...present, ...idsIn(given)])) {
      const known = users.get(id) ?? { hosts: [], lastHeard: [] };
      users.set(id, known);
      (present.has(id) ? known.hosts : known.lastHeard).push(name);
    }
  }
  return users;
}

type Resting = { readonly components: readonly { readonly values?: readonly string[] }[] };

const idsIn = (verdicts: readonly Resting[]): Set<string> =>
  new Set(verdicts.flatMap(({ components }) => components.flatMap(({ values }) => values ?? [])));
