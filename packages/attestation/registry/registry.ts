// The trust registry: what is the current verdict on each host? Everything that tells of trust reads it here.
import { AssayError } from '@assay/core';
import type { Clock, Log } from '@assay/daemon';
import { defaultPool, type Verdict } from '@assay/protocol';
import { readAliases } from '../storage/host-aliases.ts';
import type { Db } from '../storage/schema.ts';
import { readVerdicts, type StoredVerdicts } from '../storage/verdicts.ts';
import { versionOf } from '../storage/versions.ts';
import { createHostNames } from './host-names.ts';
import { type Instant, noVerdict, type Standing, standing } from './standing.ts';

/** `before` is absent for a host's first verdict in a pool, `after` for a host that was removed or left the pool. */
export type Change = {
  readonly host: string;
  readonly pool: string;
  readonly before: Verdict | undefined;
  readonly after: Verdict | undefined;
};

export type Registry = ReturnType<typeof createRegistry>;

export function createRegistry({ clock, log }: { clock: Clock; log: Log }) {
  /** Of registered hosts only. */
  const verdicts = new Map<string, StoredVerdicts>();
  const names = createHostNames();
  const listeners = new Set<(change: Change) => void>();
  /** Verdicts by standards of before this revision hold no more. */
  let judgedFrom = 0;
  /** What is good has changed for them, and they could not be judged by it. */
  const doubted = new Set<string>();
  const isBehind = ({ host, revision }: StoredVerdicts): boolean => revision < judgedFrom || doubted.has(host);

  const instant = (): Instant => ({ now: clock.now(), uptimeMs: clock.uptimeMs(), bootId: clock.bootId });

  const tell = (change: Change) => {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (err) {
        log.error({ err, host: change.host }, 'a reader of verdicts failed'); // one reader's bug keeps no other from knowing
      }
    }
  };

  const tellAll = (host: string, before: readonly Verdict[], after: readonly Verdict[]) => {
    for (const pool of new Set([...before, ...after].map((one) => one.pool))) {
      const of = (verdicts: readonly Verdict[]) => verdicts.find((one) => one.pool === pool);
      tell({ host, pool, before: of(before), after: of(after) });
    }
  };

  return {
    /** Which hosts are registered, and under which names. */
    names,

    /** Reads back what was stored: hosts and verdicts, before anybody asks. */
    async load(db: Db): Promise<void> {
      const hosts = await db.selectFrom('hosts').select('name').execute();
      names.load(
        hosts.map(({ name }) => name),
        await readAliases(db),
      );
      const { stored, unreadable } = await readVerdicts(db);
      for (const one of stored) if (names.has(one.host)) verdicts.set(one.host, one);
      for (const host of unreadable) log.error({ host }, 'stored verdict cannot be read: unknown until the next');
      judgedFrom = await versionOf(db, 'judged-from');
    },

    /** What is good has changed, for every host, with this revision: who was not judged by it since is unknown. */
    judgeFrom(revision: number): void {
      judgedFrom = Math.max(judgedFrom, revision);
    },

    /** The same of one host, whatever its revision; until other verdicts on it are accepted. */
    doubt(host: string): void {
      doubted.add(host);
    },

    /** Hosts whose verdicts are by standards of before. */
    behind: (): string[] => [...verdicts.values()].filter(isBehind).map(({ host }) => host),

    /** Whether there is a verdict on a host of exactly this name, whatever it is worth now. */
    isJudged: (host: string): boolean => verdicts.has(host),

    /** This instant. Reading the boot clock costs as much as a host: who tells of thousands reads it once. */
    instant,

    /** The verdict on a host in a pool as valid at this instant; never fails, never `trusted` in doubt. */
    current(host: string, pool: string = defaultPool, at: Instant = instant()): Standing {
      const { now } = at;
      const stored = verdicts.get(host);
      const verdict = stored?.verdicts.find((one) => one.pool === pool);
      const isBehindNow = stored !== undefined && isBehind(stored);
      if (stored && verdict && (verdict.trust === 'unknown' || !isBehindNow)) return standing(verdict, stored, at);
      const [code, reason] = !names.has(host)
        ? ['host-unknown', 'not registered']
        : !stored
          ? ['no-evidence', 'not attested yet']
          : verdict || isBehindNow
            ? ['appraisal-failed', 'what is good has changed, and it was not judged by it yet']
            : ['pool-foreign', `not in pool ${pool}`];
      const nothing = noVerdict({ host, pool }, code, reason, now);
      return { verdict: nothing, ageMs: 0, usableUntil: now };
    },

    /** Its verdicts as they were given: whether they still hold `current` says. */
    given: (host: string): readonly Verdict[] => (names.has(host) ? (verdicts.get(host)?.verdicts ?? []) : []),

    /** Names of the pools it has a verdict in. */
    poolsOf: (host: string): string[] => verdicts.get(host)?.verdicts.map(({ pool }) => pool) ?? [],

    /** The same with the round they are of, and its times. */
    stored: (host: string): StoredVerdicts | undefined => (names.has(host) ? verdicts.get(host) : undefined),

    /** Verdicts that were stored become the current ones, unless those of a later round, or by later standards, are there. */
    accept(stored: StoredVerdicts): void {
      const { host, round, revision } = stored;
      const before = verdicts.get(host);
      if (!names.has(host)) return;
      if (before && (before.round > round || (before.round === round && before.revision >= revision))) return;
      verdicts.set(host, stored);
      doubted.delete(host);
      tellAll(host, before?.verdicts ?? [], stored.verdicts);
    },

    /** A host that may be attested from now on. */
    add(host: string): void {
      names.add(host);
    },

    /** Nothing is known of this host any more. */
    remove(host: string): void {
      const before = verdicts.get(host);
      names.remove(host);
      verdicts.delete(host);
      doubted.delete(host);
      tellAll(host, before?.verdicts ?? [], []);
    },

    /** @throws AssayError `host-not-found` */
    requireRegistered(host: string): void {
      if (!names.has(host))
        throw new AssayError('host-not-found', `host ${host}`, 'a registered host', 'none of that name');
    },

    /** Told after each new verdict and removal; expiry is seen by reading only. @returns ends it */
    onChange(listener: (change: Change) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
