// The trust registry: what is the current verdict on each host? Everything that tells of trust reads it here.
import { AssayError } from '@assay/core';
import type { Clock, Log } from '@assay/daemon';
import type { Verdict } from '@assay/protocol';
import type { Db } from '../storage/schema.ts';
import { readVerdicts, type StoredVerdict } from '../storage/verdicts.ts';
import { noVerdict, type Standing, standing } from './standing.ts';

/** `before` is absent for a host's first verdict, `after` for a host that was removed. */
export type Change = {
  readonly host: string;
  readonly before: Verdict | undefined;
  readonly after: Verdict | undefined;
};

export type Registry = ReturnType<typeof createRegistry>;

export function createRegistry({ clock, log }: { clock: Clock; log: Log }) {
  const verdicts = new Map<string, StoredVerdict>();
  const registered = new Set<string>();
  const listeners = new Set<(change: Change) => void>();

  const tell = (change: Change) => {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (err) {
        log.error({ err, host: change.host }, 'a reader of verdicts failed'); // one reader's bug keeps no other from knowing
      }
    }
  };

  return {
    /** Reads back what was stored: hosts and verdicts, before anybody asks. */
    async load(db: Db): Promise<void> {
      for (const { name } of await db.selectFrom('hosts').select('name').execute()) registered.add(name);
      const stored = await readVerdicts(db);
      for (const verdict of stored.verdicts) verdicts.set(verdict.verdict.host, verdict);
      for (const host of stored.unreadable)
        log.error({ host }, 'stored verdict cannot be read: unknown until the next');
    },

    /** The verdict on a host as valid at this instant; never fails, never `trusted` in doubt. */
    current(host: string): Standing {
      const now = clock.now();
      const stored = verdicts.get(host);
      if (stored && registered.has(host))
        return standing(stored, { now, uptimeMs: clock.uptimeMs(), bootId: clock.bootId });
      const verdict = registered.has(host)
        ? noVerdict(host, 'no-evidence', 'not attested yet', now)
        : noVerdict(host, 'host-unknown', 'not registered', now);
      return { verdict, ageMs: 0, usableUntil: now };
    },

    /** A verdict that was stored becomes the current one, unless a later round's is there. Give it the time it was verified. */
    accept(stored: StoredVerdict): void {
      const { host } = stored.verdict;
      const before = verdicts.get(host);
      if (!registered.has(host) || (before && before.round >= stored.round)) return;
      verdicts.set(host, stored);
      tell({ host, before: before?.verdict, after: stored.verdict });
    },

    /** A host that may be attested from now on. */
    add(host: string): void {
      registered.add(host);
    },

    /** Nothing is known of this host any more. */
    remove(host: string): void {
      const before = verdicts.get(host);
      registered.delete(host);
      verdicts.delete(host);
      if (before) tell({ host, before: before.verdict, after: undefined });
    },

    /** @throws AssayError `host-not-found` */
    requireRegistered(host: string): void {
      if (!registered.has(host))
        throw new AssayError('host-not-found', `host ${host}`, 'a registered host', 'none of that name');
    },

    /** Told after each new verdict and removal; expiry is seen by reading only. @returns ends it */
    onChange(listener: (change: Change) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
