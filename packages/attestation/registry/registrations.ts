// Who may enrol, and under which names: hosts are registered, get other names, are removed. One at a time, so that no name is given twice.
import { isDeepStrictEqual } from 'node:util';
import { AssayError } from '@assay/core';
import type { Clock } from '@assay/daemon';
import type { Labels } from '@assay/protocol';
import { createTurns } from '../changes/turns.ts';
import type { Switchboard } from '../rounds/switchboard.ts';
import { keepAliases } from '../storage/host-aliases.ts';
import { registerHost, removeHost } from '../storage/hosts.ts';
import type { Db } from '../storage/schema.ts';
import type { Registry } from './registry.ts';

export type NewRegistration = {
  name: string;
  ekPin?: string | undefined;
  labels?: Labels | undefined;
  aliases?: readonly string[] | undefined;
};

/** Something that is stored with it, or neither is. */
type Also = (tx: Db) => Promise<void>;

export type Registrations = ReturnType<typeof createRegistrations>;

export function createRegistrations({
  db,
  clock,
  registry,
  switchboard,
}: {
  db: Db;
  clock: Clock;
  registry: Pick<Registry, 'add' | 'remove' | 'names' | 'requireRegistered'>;
  switchboard: Pick<Switchboard, 'drop'>;
}) {
  const inTurn = createTurns();
  const { names } = registry;

  return {
    /** @throws AssayError `host-exists`, also for a name that is an alias; `alias-in-use` */
    register: ({ name, ekPin, labels, aliases = [] }: NewRegistration, also?: Also): Promise<void> =>
      inTurn(async () => {
        const owner = names.nameOf(name);
        if (owner !== undefined)
          throw new AssayError(
            'host-exists',
            `host ${name}`,
            'a name that is not registered',
            owner === name ? 'a registered one' : `an alias of host ${owner}`,
          );
        const free = names.freeAliases(name, aliases);
        await db.transaction().execute(async (tx) => {
          await registerHost(tx, { name, ekPin, labels, now: clock.now() });
          await keepAliases(tx, name, free);
          await also?.(tx);
        });
        registry.add(name);
        names.setAliases(name, free);
      }),

    /**
     * Other names: those that `change` makes of the present ones, and no others.
     * @throws AssayError `host-not-found`, `alias-in-use`
     */
    rename: (
      host: string,
      change: (before: readonly string[]) => readonly string[] | Promise<readonly string[]>,
      also?: Also,
    ): Promise<readonly string[]> =>
      inTurn(async () => {
        registry.requireRegistered(host);
        const before = names.aliasesOf(host);
        const free = names.freeAliases(host, await change(before));
        await db.transaction().execute(async (tx) => {
          if (!isDeepStrictEqual(before, free)) await keepAliases(tx, host, free);
          await also?.(tx);
        });
        names.setAliases(host, free);
        return free;
      }),

    /** With all that is known of it. @throws AssayError `host-not-found` */
    remove: (host: string): Promise<void> =>
      inTurn(async () => {
        registry.requireRegistered(host);
        await db.transaction().execute((tx) => removeHost(tx, host));
        registry.remove(host);
        switchboard.drop(host);
      }),
  };
}
