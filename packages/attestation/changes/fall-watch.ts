// How many hosts lost trust within a while? Told of every verdict, asked for the sum. Knows no clock and no database.

type Fall = { readonly host: string; readonly atMs: number };

export type Loss = { readonly host: string; readonly pool: string };

export type Falls = {
  /** Hosts that lost trust in some pool within the window, and did not regain it there; in the order they fell. */
  readonly hosts: readonly string[];
  /** Hosts that were trusted at some time in the window: those, and those that are. */
  readonly trustedBefore: number;
  readonly percent: number;
};

const rememberedMs = 86_400_000;

export class FallWatch {
  readonly #windowMs: number;
  /** Pools in which a host is trusted. */
  readonly #trusted = new Map<string, Set<string>>();
  /** By host and pool, the oldest first. */
  readonly #fallen = new Map<string, Fall>();
  /** Likewise, of those whose fall somebody forced. */
  readonly #forced = new Map<string, Fall>();
  #excused: ReadonlySet<string> = new Set();
  /** By host, the pools in which changes that nobody forced took its trust, and when the last one did. */
  readonly #taken = new Map<string, { pools: Set<string>; atMs: number }>();
  /** From when falls count as recent, however old: while a brake is on, nobody is forgotten who made it so. */
  #heldFromMs: number | undefined;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @param atMs of a clock that nobody sets back */
  see({ host, pool, trusted }: { host: string; pool: string; trusted: boolean }, atMs: number): void {
    const pools = this.#trusted.get(host);
    const key = `${host} ${pool}`;
    if (trusted) {
      this.#fallen.delete(key);
      this.#forced.delete(key);
      if (pools) pools.add(pool);
      else this.#trusted.set(host, new Set([pool]));
    } else if (pools?.delete(pool)) {
      if (pools.size === 0) this.#trusted.delete(host);
      (this.#excused.has(host) ? this.#forced : this.#fallen).set(key, { host, atMs });
    }
  }

  /** Removed, or no longer in this pool: no fall. */
  forget({ host, pool }: { host: string; pool: string }): void {
    this.#fallen.delete(`${host} ${pool}`);
    this.#forced.delete(`${host} ${pool}`);
    const pools = this.#trusted.get(host);
    if (pools?.delete(pool) && pools.size === 0) this.#trusted.delete(host);
  }

  /** A change that nobody forced takes this trust: the next one within the window is measured together with it. */
  take(losses: Iterable<Loss>, atMs: number): void {
    for (const { host, pool } of losses) {
      const before = this.#taken.get(host);
      this.#taken.set(host, { pools: new Set([...(before?.pools ?? []), pool]), atMs });
    }
  }

  /** By host, the pools in which it was trusted within the window, before such changes; whether it is again, nobody looked. */
  taken(atMs: number): ReadonlyMap<string, ReadonlySet<string>> {
    for (const [host, taken] of this.#taken) if (taken.atMs <= atMs - this.#windowMs) this.#taken.delete(host);
    return new Map([...this.#taken].map(([host, { pools }]) => [host, pools]));
  }

  /** What these hosts lose while `work` is under way somebody has forced, with a reason. */
  async excuse<T>(hosts: ReadonlySet<string>, work: () => Promise<T>): Promise<T> {
    this.#excused = hosts;
    try {
      return await work();
    } finally {
      this.#excused = new Set();
    }
  }

  /** From now on the falls of the present window stay, until `release`. */
  hold(atMs: number): void {
    this.#heldFromMs ??= atMs - this.#windowMs;
  }

  /** Nobody has fallen. */
  release(): void {
    this.#heldFromMs = undefined;
    this.#fallen.clear();
  }

  /** Hosts that fell within a day by changes that somebody forced, and did not come back; and when the last one did. */
  forced(atMs: number): { hosts: readonly string[]; atMs: number } | undefined {
    for (const [key, fall] of this.#forced) if (fall.atMs <= atMs - rememberedMs) this.#forced.delete(key);
    const last = [...this.#forced.values()].at(-1);
    return last && { hosts: [...new Set([...this.#forced.values()].map(({ host }) => host))], atMs: last.atMs };
  }

  falls(atMs: number): Falls {
    const from = this.#heldFromMs ?? atMs - this.#windowMs;
    for (const [key, fall] of this.#fallen) {
      if (fall.atMs > from) break;
      this.#fallen.delete(key);
    }
    const hosts = [...new Set([...this.#fallen.values()].map(({ host }) => host))];
    const trustedBefore = this.#trusted.size + hosts.filter((host) => !this.#trusted.has(host)).length;
    return { hosts, trustedBefore, percent: trustedBefore === 0 ? 0 : (100 * hosts.length) / trustedBefore };
  }
}
