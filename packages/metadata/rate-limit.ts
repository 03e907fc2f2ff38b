// May this instance ask once more? Two windows, Neutron's base and burst; what is refused does not count, so that whoever waits
// as long as it was told is served.
import { flag, integer } from '@assay/daemon';

/** At most so many in any span of so long. */
export type Window = { readonly queries: number; readonly seconds: number };

// A window is counted in parts, the part it began in as a whole: late by a tenth at most, never too generous.
const parts = 10;

class Counts {
  readonly #width: number;
  readonly #most: number;
  readonly #counts = new Uint32Array(parts + 1);
  #last = Number.NEGATIVE_INFINITY;
  #sum = 0;

  constructor({ queries, seconds }: Window) {
    this.#width = (seconds * 1000) / parts;
    this.#most = queries;
  }

  /** Milliseconds until there is room; 0 for now. */
  waitAt(nowMs: number): number {
    this.#advance(nowMs);
    let over = this.#sum - this.#most + 1;
    for (let part = this.#last - parts; over > 0; part++) {
      over -= this.#counts[slot(part)] as number;
      if (over <= 0) return (part + parts + 1) * this.#width - nowMs;
    }
    return 0;
  }

  /** After waitAt of the same moment. */
  add(): void {
    const at = slot(this.#last);
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += 1;
  }

  #advance(nowMs: number): void {
    const now = Math.max(Math.floor(nowMs / this.#width), this.#last);
    if (now - this.#last > parts) {
      this.#counts.fill(0);
      this.#sum = 0;
    } else
      for (let part = this.#last + 1; part <= now; part++) {
        this.#sum -= this.#counts[slot(part)] as number;
        this.#counts[slot(part)] = 0;
      }
    this.#last = now;
  }
}

const slot = (part: number): number => ((part % (parts + 1)) + parts + 1) % (parts + 1);

export class RateLimit {
  readonly #windows: readonly Window[];
  readonly #now: () => number;
  readonly #mostIds: number;
  readonly #seen = new Map<string, readonly Counts[]>();

  /**
   * @param now milliseconds of a clock that never goes back
   * @param mostIds of how many ids there is a count; the one that asked longest ago is forgotten for another
   */
  constructor(windows: readonly Window[], now: () => number = () => performance.now(), mostIds = 100_000) {
    this.#windows = windows;
    this.#now = now;
    this.#mostIds = mostIds;
  }

  /** @returns nothing when it may ask, else after how many seconds it may; at least 1 */
  take(id: string): number | undefined {
    const now = this.#now();
    const counts = this.#countsOf(id);
    const wait = Math.max(0, ...counts.map((one) => one.waitAt(now)));
    if (wait > 0) return Math.ceil(wait / 1000);
    for (const one of counts) one.add();
    return undefined;
  }

  /** How many ids there is a count of. */
  get size(): number {
    return this.#seen.size;
  }

  #countsOf(id: string): readonly Counts[] {
    const known = this.#seen.get(id);
    if (known)
      this.#seen.delete(id); // and at the end again: a Map keeps its order
    else if (this.#seen.size >= this.#mostIds) this.#seen.delete(this.#seen.keys().next().value as string);
    const counts = known ?? this.#windows.map((window) => new Counts(window));
    this.#seen.set(id, counts);
    return counts;
  }
}

/** `[metadata_rate_limiting]`, of the proxy's file and of the API's. */
export const rateLimitingOptions = {
  rate_limit_enabled: flag({
    help: 'Is an instance that asks too often told to wait (429)? Neutron’s default is False.',
    default: true,
  }),
  base_window_duration: integer({ help: 'Seconds of the longer window.', default: 60, min: 1, max: 86_400 }),
  base_query_rate_limit: integer({
    help: 'Requests of one instance within it. A boot makes about 28 in a few seconds.',
    default: 600,
    min: 1,
    max: 1_000_000,
  }),
  burst_window_duration: integer({ help: 'Seconds of the shorter window.', default: 10, min: 1, max: 86_400 }),
  burst_query_rate_limit: integer({
    help: 'Requests of one instance within it. Neutron’s default of 10 in 10 s would refuse a boot.',
    default: 200,
    min: 1,
    max: 1_000_000,
  }),
};

/** The windows the options ask for; none when there is no limit. */
export function rateWindows(options: {
  readonly rate_limit_enabled: boolean;
  readonly base_window_duration: number;
  readonly base_query_rate_limit: number;
  readonly burst_window_duration: number;
  readonly burst_query_rate_limit: number;
}): readonly Window[] {
  if (!options.rate_limit_enabled) return [];
  return [
    { queries: options.base_query_rate_limit, seconds: options.base_window_duration },
    { queries: options.burst_query_rate_limit, seconds: options.burst_window_duration },
  ];
}
