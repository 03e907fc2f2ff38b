// Which hosts need a reference value? Those whose present verdict rests on it.
import type { Registry } from '../registry/registry.ts';
import type { Db } from '../storage/schema.ts';

/** Names of hosts by id of value, in the order of names. A verdict past its expiry rests on nothing. */
export async function usersOf({
  db,
  registry,
}: {
  db: Db;
  registry: Pick<Registry, 'current' | 'poolsOf'>;
}): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>();
  for (const { name } of await db.selectFrom('hosts').select('name').orderBy('name').execute()) {
    const ids = registry
      .poolsOf(name)
      .flatMap((pool) => registry.current(name, pool).verdict.components.flatMap(({ values }) => values ?? []));
    for (const id of new Set(ids)) {
      const known = users.get(id);
      if (known) known.push(name);
      else users.set(id, [name]);
    }
  }
  return users;
}
