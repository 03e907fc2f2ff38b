// What do Nova's own filters, Folsom to Pike, make of our answers? Their rules as observed, made anew: whom they let pass, how long they keep an
// answer, what makes them fail. A `StockCrash` is what their scheduler would have died of.

export type Generation = 'folsom' | 'grizzly' | 'juno' | 'pike';
export class StockCrash extends Error {}

export type StockAnswer = { status: number; text: string };
type Entry = { trust: string; vtimeMs: number };

export type StockOptions = {
  generation: Generation;
  /** One question of it; a rejection is a connection that failed. */
  ask: (body: { count: number; hosts: string | string[] }) => Promise<StockAnswer>;
  /** Milliseconds, of its own clock. */
  now: () => number;
  /** `attestation_auth_timeout` */
  authTimeoutS?: number;
  /** Names of the compute nodes when it started. */
  nodes?: readonly string[];
};

const used = [200, 201, 202, 204];

export class StockFilter {
  readonly #options: StockOptions;
  readonly #cache: Map<string, Entry>;
  /** Questions so far. */
  polls = 0;

  constructor(options: StockOptions) {
    this.#options = options;
    this.#cache = new Map((options.nodes ?? []).map((node) => [node, { ...nothing }]));
  }

  /** @param wanted `trust:trusted_host` of the flavor  @throws StockCrash */
  async passes(node: string, wanted: string | undefined): Promise<boolean> {
    if (!wanted) return true;
    return (await (this.#options.generation === 'folsom' ? this.#askedAlone(node) : this.#cached(node))) === wanted;
  }

  /** No memory: one host, as a bare string, each time. */
  async #askedAlone(node: string): Promise<string> {
    const entries = await this.#poll(node, 1);
    const [first] = entries ?? [];
    return first === undefined ? 'unknown' : String(field(first, 'trust_lvl'));
  }

  async #cached(node: string): Promise<string> {
    const { now, authTimeoutS = 60 } = this.#options;
    if (!this.#cache.has(node)) this.#cache.set(node, { ...nothing });
    const entry = this.#cache.get(node) as Entry;
    if (now() - entry.vtimeMs > authTimeoutS * 1000) await this.#update();
    // Whatever its vtime: one that is stale is used once more, and asked for again at the next look.
    return (this.#cache.get(node) as Entry).trust;
  }

  async #update(): Promise<void> {
    for (const node of this.#cache.keys()) this.#cache.set(node, { ...nothing });
    const nodes = [...this.#cache.keys()];
    for (const one of (await this.#poll(nodes, nodes.length)) ?? []) {
      const [name, trust, vtime] = ['host_name', 'trust_lvl', 'vtime'].map((name) => field(one, name));
      if (typeof vtime !== 'string') throw new StockCrash(`TypeError: vtime ${typeof vtime}`);
      const vtimeMs = this.#options.generation === 'pike' ? pikeTime(vtime) : oldTime(vtime);
      const entry =
        vtimeMs === undefined ? { trust: 'unknown', vtimeMs: this.#options.now() } : { trust: String(trust), vtimeMs };
      this.#cache.set(String(name), entry);
    }
  }

  /** @returns undefined when there is no answer to be used */
  async #poll(hosts: string | string[], count: number): Promise<readonly unknown[] | undefined> {
    this.polls++;
    let answer: StockAnswer;
    try {
      answer = await this.#options.ask({ count, hosts });
    } catch {
      return undefined;
    }
    if (!used.includes(answer.status)) return undefined;
    let body: unknown;
    try {
      body = JSON.parse(answer.text);
    } catch {
      throw new StockCrash('AttributeError: the answer is no JSON');
    }
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new StockCrash('AttributeError: the answer is no object');
    const listed = (body as { hosts?: unknown }).hosts ?? undefined;
    if (listed === undefined) return undefined;
    if (!Array.isArray(listed)) throw new StockCrash('TypeError: hosts is no array');
    return listed;
  }
}

const nothing: Entry = { trust: 'unknown', vtimeMs: 0 };

function field(entry: unknown, name: string): unknown {
  if (typeof entry !== 'object' || entry === null) throw new StockCrash('TypeError: an entry is no object');
  if (!Object.hasOwn(entry, name)) throw new StockCrash(`KeyError: ${name}`);
  return (entry as Record<string, unknown>)[name];
}

/** Years to seconds, a fraction, and what follows. Not anchored at its end: what it does not know it drops. */
const written = /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(Z|[+-]\d\d:\d\d)?(.*)$/s;

/** With iso8601 of 2012 to 2014: knows zones with a colon or `Z`, drops any other. @returns undefined: not read */
export const oldTime = (text: string): number | undefined => isoTime(text, false);

/** With Nova 16’s: zones in any form, nothing behind them; else the form of `%c`, as UTC. */
export function pikeTime(text: string): number | undefined {
  const at = isoTime(text, true);
  if (at !== undefined) return at;
  const found = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d) (\d{4})$/.exec(text);
  const parsed = found ? Date.parse(`${found[2]} ${found[1]} ${found[4]} ${found[3]} UTC`) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** @param strict zones without a colon as well, and nothing behind them; else what follows is dropped */
function isoTime(text: string, strict: boolean): number | undefined {
  const found = written.exec(text);
  if (!found || (strict && !/^([+-]\d\d(\d\d)?)?$/.test(found[9] ?? ''))) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0', zone, rest = ''] = found;
  const ms = fraction.slice(0, 3).padEnd(3, '0');
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  if (Number.isNaN(at)) return undefined;
  const signed = /^([+-])(\d\d):?(\d\d)?$/.exec(zone ?? (strict ? rest : ''));
  if (!signed) return at;
  const minutes = Number(signed[2]) * 60 + Number(signed[3] ?? 0);
  return at - (signed[1] === '-' ? -minutes : minutes) * 60_000;
}
