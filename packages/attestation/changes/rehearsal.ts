// What would a change do to the fleet? The same evidence, judged before and after: who would have another verdict, and how many would lose trust.
import type { Rehearsal, Verdict, VerdictChange } from '@assay/protocol';

/** More are counted, not listed. */
const mostListed = 1000;
const longestReason = 300;

/** Hosts one after the other, then the sum. */
export class Tally {
  #hosts = 0;
  #trustedBefore = 0;
  readonly #losing: VerdictChange[] = [];
  readonly #others: VerdictChange[] = [];
  readonly #losers = new Set<string>();
  #more = 0;

  /** Hosts that are trusted before in some pool in which they are not after. */
  get losers(): ReadonlySet<string> {
    return this.#losers;
  }

  /** @param before verdicts of one host on one evidence, one a pool, by the old standards; `after` by the new ones */
  add(host: string, before: readonly Verdict[], after: readonly Verdict[]): void {
    this.#hosts++;
    if (before.some(({ trust }) => trust === 'trusted')) this.#trustedBefore++;
    for (const pool of new Set([...before, ...after].map((one) => one.pool))) {
      const was = before.find((one) => one.pool === pool);
      const is = after.find((one) => one.pool === pool);
      if (same(was, is)) continue;
      const loses = was?.trust === 'trusted' && is?.trust !== 'trusted';
      if (loses) this.#losers.add(host);
      const list = loses ? this.#losing : this.#others;
      if (list.length < mostListed) list.push(changeOf(host, pool, was, is));
      else this.#more++;
    }
  }

  result({ silent, brakePercent }: { silent: readonly string[]; brakePercent: number }): Rehearsal {
    const byHost = (a: VerdictChange, b: VerdictChange) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0);
    const all = [...this.#losing.sort(byHost), ...this.#others.sort(byHost)];
    const more = this.#more + Math.max(0, all.length - mostListed);
    const losing = this.#losers.size;
    return {
      hosts: this.#hosts,
      silent: [...silent].sort(),
      changes: all.slice(0, mostListed),
      ...(more > 0 && { more }),
      losing,
      losing_percent: this.#trustedBefore === 0 ? 0 : (100 * losing) / this.#trustedBefore,
      brake_percent: brakePercent,
    };
  }
}

/** Whether more would lose trust than the brake lets. */
export const isBraked = ({ losing, losing_percent, brake_percent }: Rehearsal): boolean =>
  losing > 0 && losing_percent > brake_percent;

/** Who is not trusted for another reason has another verdict, too. */
const same = (was: Verdict | undefined, is: Verdict | undefined): boolean =>
  was?.trust === is?.trust && (is?.trust === 'trusted' || decides(was) === decides(is));

const decides = (verdict: Verdict | undefined): string | undefined =>
  verdict?.trust === 'trusted' ? undefined : verdict?.findings.find(({ allowed }) => !allowed)?.code;

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
