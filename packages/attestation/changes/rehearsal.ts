// What would a change do to the fleet? Verdicts as they hold now, before and after: who would have another, and how many would lose trust.
import type { Rehearsal, Verdict, VerdictChange } from '@assay/protocol';
import type { Loss } from './fall-watch.ts';

/** More are counted, not listed. */
const mostListed = 1000;
const longestReason = 300;

/** Hosts one after the other, then the sum. */
export class Tally {
  readonly #hosts = new Set<string>();
  readonly #stale = new Set<string>();
  readonly #trustedBefore = new Set<string>();
  readonly #losing: VerdictChange[] = [];
  readonly #others: VerdictChange[] = [];
  readonly #losses: Loss[] = [];
  readonly #losers = new Set<string>();
  readonly #unheard = new Set<string>();
  readonly #losingUnheard = new Set<string>();
  readonly #whenHeard: VerdictChange[] = [];
  readonly #taken: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #lostRecently: Set<string>;
  #more = 0;

  /** @param taken by host, the pools in which earlier changes took its trust: what they cost counts with what this one does */
  constructor(taken: ReadonlyMap<string, ReadonlySet<string>> = new Map()) {
    this.#taken = taken;
    this.#lostRecently = new Set(taken.keys());
  }

  /** Hosts that are trusted before in some pool in which they are not after. */
  get losers(): ReadonlySet<string> {
    return this.#losers;
  }

  /** Each of them in each of those pools. */
  get losses(): readonly Loss[] {
    return this.#losses;
  }

  /** @param before verdicts on one host as they hold now, one a pool; `after` as they would hold now by other standards */
  add(host: string, before: readonly Verdict[], after: readonly Verdict[]): void {
    this.#hosts.add(host);
    if (before.some(isTrusted)) this.#trustedBefore.add(host);
    else if (before.some(({ findings }) => findings.some(({ code }) => code === 'verdict-expired')))
      this.#stale.add(host);
    this.#regains(host, after);
    for (const pool of new Set([...before, ...after].map((one) => one.pool))) {
      const was = before.find((one) => one.pool === pool);
      const is = after.find((one) => one.pool === pool);
      if (same(was, is)) continue;
      const loses = was?.trust === 'trusted' && is?.trust !== 'trusted';
      if (loses) {
        this.#losers.add(host);
        this.#losses.push({ host, pool });
      }
      const list = loses ? this.#losing : this.#others;
      if (list.length < mostListed) list.push(changeOf(host, pool, was, is));
      else this.#more++;
    }
  }

  /**
   * A host counts like one that is trusted where only its verdict has run out: nobody may do while hosts are away what the brake holds while they are there.
   * @param good by its last evidence and the present standards; `after` the same by others
   */
  addUnheard(host: string, good: readonly Verdict[], after: readonly Verdict[]): void {
    this.#regains(host, after);
    for (const was of good) {
      this.#hosts.add(host);
      this.#unheard.add(host);
      const is = after.find(({ pool }) => pool === was.pool);
      if (is?.trust === 'trusted') continue;
      this.#losingUnheard.add(host);
      this.#losses.push({ host, pool: was.pool });
      if (this.#whenHeard.length < mostListed) this.#whenHeard.push(changeOf(host, was.pool, was, is));
    }
  }

  #regains(host: string, after: readonly Verdict[]): void {
    const trusted = new Set(after.filter(isTrusted).map(({ pool }) => pool));
    if (this.#taken.get(host)?.isSubsetOf(trusted)) this.#lostRecently.delete(host);
  }

  result({ silent, brakePercent }: { silent: readonly string[]; brakePercent: number }): Rehearsal {
    const byHost = (a: VerdictChange, b: VerdictChange) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0);
    const changes = [...this.#losing.sort(byHost), ...this.#others.sort(byHost)];
    const more = this.#more + Math.max(0, changes.length - mostListed);
    const losing = this.#losers.size;
    const unheard = this.#unheard.difference(this.#trustedBefore).size;
    const losingUnheard = this.#losingUnheard.difference(this.#losers).size;
    const both = this.#losers.union(this.#losingUnheard);
    const lost = this.#lostRecently.difference(both).size;
    const base = this.#trustedBefore.union(this.#lostRecently).union(this.#unheard).size;
    const stale = this.#stale.difference(this.#unheard).size;
    return {
      hosts: this.#hosts.size,
      silent: [...silent].sort(),
      ...(stale > 0 && { stale }),
      ...(unheard > 0 && { unheard }),
      ...(losingUnheard > 0 && { losing_unheard: losingUnheard }),
      ...(this.#whenHeard.length > 0 && { when_heard: this.#whenHeard.sort(byHost) }),
      changes: changes.slice(0, mostListed),
      ...(more > 0 && { more }),
      losing,
      ...(lost > 0 && { lost_recently: lost }),
      losing_percent: both.size === 0 ? 0 : (100 * (both.size + lost)) / base,
      brake_percent: brakePercent,
    };
  }
}

const isTrusted = ({ trust }: Verdict): boolean => trust === 'trusted';

/** Whether more would lose trust than the brake lets. */
export const isBraked = ({ losing, losing_unheard = 0, losing_percent, brake_percent }: Rehearsal): boolean =>
  losing + losing_unheard > 0 && losing_percent > brake_percent;

/** Who is not trusted for another reason has another verdict, too. */
const same = (was: Verdict | undefined, is: Verdict | undefined): boolean =>
  was?.trust === is?.trust && (is?.trust === 'trusted' || decides(was) === decides(is));

/** Of the finding whose words the reason has: the worst is not always the first. */
function decides(verdict: Verdict | undefined): string | undefined {
  if (!verdict || verdict.trust === 'trusted') return undefined;
  const { reason, findings } = verdict;
  const counts = findings.filter(({ allowed }) => !allowed);
  const told = counts.find(({ message }) => reason === message || reason.startsWith(`${message} (and `));
  return (told ?? counts[0])?.code;
}

function changeOf(host: string, pool: string, was: Verdict | undefined, is: Verdict | undefined): VerdictChange {
  const code = decides(is);
  const reason = is?.reason ?? 'no longer in this pool';
  return {
    host,
    pool,
    ...(was && { before: was.trust }),
    ...(is && { after: is.trust }),
    ...(code !== undefined && { code }),
    reason: reason.length > longestReason ? `${reason.slice(0, longestReason)}…` : reason,
  };
}
