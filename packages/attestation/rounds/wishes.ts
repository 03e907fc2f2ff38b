// Who waits for a host's evidence, and when may it be asked for them? Whoever decides by the answer demands a challenge of his own,
// at once. Questions share one and cost a host at most one quote a second, however many ask.
// Evidence is made after its challenge was sent: that instant, not the one it came at, is what its age counts from.
import type { Clock } from '@assay/daemon';

/** Between two challenges that nothing but questions wanted. */
export const questionsApartMs = 1_000;
/** Of the boot clock: what it says may be that much short. */
const stepMs = 10;

type Uptime = Pick<Clock, 'uptimeMs'>;
export type Timer = (work: () => void, ms: number) => () => void;
const systemTimer: Timer = (work, ms) => {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
};

/** When was each host last asked for nothing but questions? Kept beside the connections, so that a new one starts nothing anew. */
export class QuestionPace {
  readonly #clock: Uptime;
  /** Oldest first. */
  readonly #askedAtMs = new Map<string, number>();

  constructor(clock: Uptime) {
    this.#clock = clock;
  }

  /** Undefined: not lately. */
  lastMs = (host: string): number | undefined => this.#askedAtMs.get(host);

  /** How long a question has to wait, 0 when it need not. */
  waitMs(host: string): number {
    const askedAtMs = this.#askedAtMs.get(host);
    if (askedAtMs === undefined) return 0;
    const sinceMs = this.#clock.uptimeMs() - askedAtMs;
    return sinceMs >= questionsApartMs + stepMs ? 0 : questionsApartMs + stepMs - sinceMs;
  }

  asked(host: string): void {
    const nowMs = this.#clock.uptimeMs();
    for (const [other, askedAtMs] of this.#askedAtMs) {
      if (nowMs - askedAtMs < questionsApartMs + stepMs) break;
      this.#askedAtMs.delete(other);
    }
    this.#askedAtMs.delete(host);
    this.#askedAtMs.set(host, nowMs);
  }
}

/** What a challenge that goes out was wanted for. */
export type Sending<Answer> = Pick<PromiseWithResolvers<Answer>, 'resolve' | 'reject'> & { readonly sentAtMs: number };

/** `after`: the host's last question when its turn was reckoned. */
type Next<Answer> = PromiseWithResolvers<Answer> & { isDue: boolean; isDemanded: boolean; after: number | undefined };

/** Of one connection. */
export class Wishes<Answer> {
  readonly #of: { host: string; clock: Uptime; pace: QuestionPace; due: () => void };
  readonly #timer: Timer;
  /** Wanted, and its challenge not sent yet: others may join. */
  #next: Next<Answer> | undefined;
  #underWay: { promise: Promise<Answer>; sentAtMs: number } | undefined;
  #cancel: (() => void) | undefined;

  /** @param of `due` is called when a challenge should go out; it may be called again while it should */
  constructor(of: { host: string; clock: Uptime; pace: QuestionPace; due: () => void }, timer: Timer = systemTimer) {
    this.#of = of;
    this.#timer = timer;
  }

  /** The answer to a challenge that is sent after this call, as soon as can be. */
  demand(): Promise<Answer> {
    const next = this.#wanted();
    next.isDemanded = true;
    next.isDue = true;
    this.#of.due();
    return next.promise;
  }

  /** An answer made no earlier than so long before this call: that to the challenge under way, or to one that keeps the pace. */
  question(maxAgeMs: number): Promise<Answer> {
    const { clock } = this.#of;
    if (this.#underWay && this.#underWay.sentAtMs > clock.uptimeMs() - maxAgeMs) return this.#underWay.promise;
    const next = this.#wanted();
    if (!next.isDue) this.#reckon(next);
    if (next.isDue) this.#of.due();
    return next.promise;
  }

  get isDue(): boolean {
    const next = this.#next;
    if (!next?.isDue) return false;
    const { host, pace } = this.#of;
    // Asked on another connection since.
    if (!next.isDemanded && pace.lastMs(host) !== next.after) this.#reckon(next);
    return next.isDue;
  }

  /** The challenge goes out now: who comes later waits for another. Undefined: it is not to. */
  send(): Sending<Answer> | undefined {
    const next = this.#next;
    if (!next || !this.isDue) return undefined;
    const { host, clock, pace } = this.#of;
    this.#forgetNext();
    const sentAtMs = clock.uptimeMs();
    if (!next.isDemanded) pace.asked(host);
    this.#underWay = { promise: next.promise, sentAtMs };
    return { sentAtMs, resolve: next.resolve, reject: next.reject };
  }

  /** What was under way has come to its end, and was resolved or rejected. */
  over(): void {
    this.#underWay = undefined;
  }

  /** For those who wait for the next challenge: there will be none. */
  fail(error: unknown): void {
    const next = this.#next;
    this.#forgetNext();
    next?.reject(error);
  }

  #wanted(): Next<Answer> {
    if (!this.#next) {
      this.#next = { ...Promise.withResolvers<Answer>(), isDue: false, isDemanded: false, after: undefined };
      this.#next.promise.catch(() => undefined); // nobody may be waiting
    }
    return this.#next;
  }

  #forgetNext(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#next = undefined;
  }

  /** When is its turn? */
  #reckon(next: Next<Answer>): void {
    const { host, pace } = this.#of;
    next.after = pace.lastMs(host);
    const waitMs = pace.waitMs(host);
    next.isDue = waitMs === 0;
    // The timer decides, whatever the clock says when it fires.
    if (!next.isDue)
      this.#cancel ??= this.#timer(() => {
        this.#cancel = undefined;
        next.isDue = true;
        this.#of.due();
      }, waitMs);
  }
}
