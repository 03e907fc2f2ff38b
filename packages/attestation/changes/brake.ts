// The brake at run time: when more than a share of the trusted hosts loses trust within a while, somebody is called, and what would make it worse is held.
// Verdicts are what they are: who asks for a host's trust is told the truth, brake or not.
import type { Clock, Log } from '@assay/daemon';
import { type Brake, type Change, fewestFallen } from '@assay/protocol';
import type { Registry } from '../registry/registry.ts';
import { readJournal, writeJournal } from '../storage/journal.ts';
import type { Db } from '../storage/schema.ts';
import type { Alarm } from './alarm.ts';
import type { FallWatch } from './fall-watch.ts';

export type BrakeNeeds = {
  db: Db;
  clock: Clock;
  log: Log;
  registry: Pick<Registry, 'current' | 'poolsOf' | 'onChange'>;
  alarm: Alarm;
  fallWatch: FallWatch;
  brakePercent: number;
  windowS: number;
  /** Values that are not promoted though their time has come, by id: which, and why. */
  heldValues: ReadonlyMap<string, string>;
};

export type RunTimeBrake = {
  state(): Brake;
  readonly engaged: boolean;
  /** How often it engaged or let go: another number, and what was held is worth another try. */
  readonly turned: number;
  /** Looks at every host: a verdict that expires tells nobody. Also lets go when fallen hosts have come back. */
  look(): Promise<void>;
  /** Somebody has seen to it. @returns what it is then */
  release(change: Pick<Change, 'by' | 'because'>): Promise<Brake>;
  close(): Promise<void>;
};

const mostNamed = 5;
const held = ['retirement of what updates have replaced, when its time has come'];

/** After the registry was loaded. A brake that was on when an earlier life of this server ended is on again. */
export async function startBrake(needs: BrakeNeeds): Promise<RunTimeBrake> {
  const { db, clock, log, registry, alarm, fallWatch, brakePercent, windowS, heldValues } = needs;
  const windowMs = windowS * 1000;
  let since: Date | undefined;
  let turned = 0;
  /** Since when no more hosts than the brake lets are down. */
  let wellSinceMs: number | undefined;
  const writing = new Set<Promise<unknown>>();

  async function tell(action: string, text: string, by = 'assay', because?: string): Promise<void> {
    const line = { at: clock.now().toISOString(), by, action, subject: 'fleet', text, because };
    const written = db.transaction().execute((tx) => writeJournal(tx, line));
    const mine = written
      .catch((err) => log.error({ err }, 'the journal could not be written'))
      .finally(() => writing.delete(mine));
    writing.add(mine);
    await mine;
  }

  const tooMany = ({ hosts, percent }: { hosts: readonly string[]; percent: number }) =>
    hosts.length >= fewestFallen && percent > brakePercent;

  function check(): void {
    if (since) return;
    const falls = fallWatch.falls(clock.uptimeMs());
    if (!tooMany(falls)) return;
    since = clock.now();
    turned++;
    wellSinceMs = undefined;
    fallWatch.hold(clock.uptimeMs());
    const { hosts, trustedBefore } = falls;
    const named = `${hosts.slice(0, mostNamed).join(', ')}${hosts.length > mostNamed ? ` and ${hosts.length - mostNamed} more` : ''}`;
    const text = `${hosts.length} of ${trustedBefore} trusted hosts lost trust within ${windowS} s (${named}); held until they are back, or somebody has looked: ${held.join(', ')}`;
    alarm.raise({ event: 'brake-engaged', text, at: since.toISOString(), hosts });
    void tell('brake-engage', text);
  }

  function letGo(text: string, by?: string, because?: string): Promise<void> {
    since = undefined;
    turned++;
    wellSinceMs = undefined;
    fallWatch.release();
    alarm.raise({ event: 'brake-released', text, at: clock.now().toISOString(), hosts: [] });
    return tell('brake-release', text, by, because);
  }

  /** Held down by hosts that came back: it goes by itself, after as long a while as it took to see that they had fallen. */
  async function ease(): Promise<void> {
    if (!since) return;
    const now = clock.uptimeMs();
    if (tooMany(fallWatch.falls(now))) wellSinceMs = undefined;
    else wellSinceMs ??= now;
    if (wellSinceMs !== undefined && now - wellSinceMs >= windowMs)
      await letGo(`the hosts that lost trust have been back for ${windowS} s`);
  }

  async function look(): Promise<void> {
    await everybody((one) => fallWatch.see(one, clock.uptimeMs()));
    check();
    await ease();
  }

  const unlisten = registry.onChange(({ host, pool, after }) => {
    if (!after) return fallWatch.forget({ host, pool });
    const trusted = registry.current(host, pool).verdict.trust === 'trusted'; // `after` may have expired as it came
    fallWatch.see({ host, pool, trusted }, clock.uptimeMs());
    if (!trusted) check();
  });

  /** Whether each host is trusted in each of its pools, as valid now. */
  async function everybody(told: (one: { host: string; pool: string; trusted: boolean }) => void): Promise<void> {
    for (const { name: host } of await db.selectFrom('hosts').select('name').execute())
      for (const pool of registry.poolsOf(host))
        told({ host, pool, trusted: registry.current(host, pool).verdict.trust === 'trusted' });
  }

  const [last] = await readJournal(db, { action: 'brake-', subject: 'fleet', limit: 1 });
  if (last?.action === 'brake-engage') {
    since = new Date(last.at);
    // Who of them has fallen, nobody remembers: whoever is not trusted counts.
    await everybody((one) => fallWatch.see({ ...one, trusted: true }, clock.uptimeMs()));
    fallWatch.hold(clock.uptimeMs());
  }
  await look();

  const state = (): Brake => {
    const now = clock.uptimeMs();
    const falls = fallWatch.falls(now);
    const { hosts, trustedBefore } = falls;
    const eases = since && !tooMany(falls);
    const forced = fallWatch.forced(now);
    const forcedAlone = forced?.hosts.filter((host) => !hosts.includes(host)).sort() ?? [];
    return {
      engaged: since !== undefined,
      ...(since && { since: since.toISOString() }),
      fallen: [...hosts].sort(),
      trusted_before: trustedBefore,
      ...(forced &&
        forcedAlone.length > 0 && {
          forced: { hosts: forcedAlone, at: new Date(clock.now().getTime() - (now - forced.atMs)).toISOString() },
        }),
      brake_percent: brakePercent,
      window_s: windowS,
      ...(eases && { releases_in_s: Math.ceil((windowMs - (now - (wellSinceMs ?? now))) / 1000) }),
      held: [...(since ? held : []), ...heldValues.values()],
    };
  };

  return {
    state,
    look,
    get engaged() {
      return since !== undefined;
    },
    get turned() {
      return turned;
    },
    async release({ by = 'somebody', because }) {
      if (since) await letGo('the brake was released', by, because);
      return state();
    },
    async close() {
      unlisten();
      await Promise.all(writing);
    },
  };
}
