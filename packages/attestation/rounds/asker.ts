// When is a host asked? At once, then every period, and whenever somebody wants to know now (`wishes.ts`). One challenge at a time on a
// connection.
import { AssayError } from '@assay/core';
import type { SentEvidence, ServerFrame } from '@assay/protocol';
import { heldTo } from '../standards/memberships.ts';
import { issueChallenge, useChallenge } from '../storage/challenges.ts';
import { type TagDelivery, tagsWish } from '../tags/delivery.ts';
import { type Conclusion, conclude } from './conclude.ts';
import type { HistoryKeeper } from './history-keeper.ts';
import { logsWish } from './logs-wish.ts';
import { pcrsWish } from './pcrs-wish.ts';
import type { Answer, RoundNeeds, SentChallenge } from './round.ts';
import type { createTogether } from './together.ts';
import { type QuestionPace, type Sending, Wishes } from './wishes.ts';

export type AskerNeeds = RoundNeeds & {
  periodMs: number;
  challengeTimeoutMs: number;
  history: Pick<HistoryKeeper, 'due'>;
  together: ReturnType<typeof createTogether>;
};

export type AskedOf = {
  readonly host: string;
  /** Hex. */
  readonly akName: string;
  /** Id of the connection. */
  readonly connection: string;
  readonly pace: QuestionPace;
  send(frame: ServerFrame): void;
  /** Brings asset tags into its TPM. */
  readonly tags: Pick<TagDelivery, 'due' | 'sent'>;
  /** Whether an answer that is not authentic speaks against the host, at this instant. */
  counts(): boolean;
  /** After each round. */
  concluded(conclusion: Conclusion): void;
  /** Asking or storing failed. */
  failed(error: unknown): void;
};

/** As many as the longest list takes that is read at all (1 GiB); who has still more to say then says it period by period. */
const mostOneAfterAnother = 256;

export class Asker {
  readonly #needs: AskerNeeds;
  readonly #of: AskedOf;
  readonly #wishes: Wishes<Conclusion>;
  #sent: { challenge: SentChallenge; wanted: Sending<Conclusion> } | undefined;
  /** A round is being begun or concluded. */
  #busy = false;
  /** The challenge that was given up last: its answer may still come, and is no offence. */
  #givenUp: string | undefined;
  /** Rounds without a pause: a long IMA list is being read. */
  #oneAfterAnother = 0;
  #again: NodeJS.Timeout | undefined;
  #late: NodeJS.Timeout | undefined;
  #ended = false;
  /** How long the last answer was under way. */
  #tookMs = 0;

  constructor(needs: AskerNeeds, of: AskedOf) {
    this.#needs = needs;
    this.#of = of;
    this.#wishes = new Wishes({ host: of.host, clock: needs.clock, pace: of.pace, due: () => void this.#begin() });
  }

  /** A round whose challenge is sent after this call. @throws AssayError `attest-unavailable` when the connection ends first */
  ask(): Promise<Conclusion> {
    return this.#ended ? Promise.reject(this.#unavailable()) : this.#wishes.demand();
  }

  /** A round whose challenge is sent no earlier than so long before this call; shared, and no more often than questions may. @throws the same */
  question(maxAgeMs: number): Promise<Conclusion> {
    return this.#ended ? Promise.reject(this.#unavailable()) : this.#wishes.question(maxAgeMs);
  }

  /** Milliseconds the last answer took, from challenge to evidence; 0: there was none. */
  get tookMs(): number {
    return this.#tookMs;
  }

  /** @throws AssayError `challenge-unknown` when this is not the answer to the challenge under way */
  async answer(id: string, answer: { evidence: SentEvidence } | { code: string; message: string }): Promise<void> {
    const sent = this.#sent;
    if (id === this.#givenUp) return;
    if (!sent || sent.challenge.id !== id)
      throw new AssayError('challenge-unknown', `host ${this.#of.host}`, 'an answer to the last challenge', id, {
        hint: 'each is answered at most once',
      });
    // The clock decides, not the timer: a process that was stopped must not take an old answer for a fresh one.
    this.#tookMs = this.#needs.clock.uptimeMs() - sent.challenge.sentAtMs;
    const late = this.#tookMs > this.#needs.challengeTimeoutMs;
    await this.#conclude(late ? this.#noAnswer() : answer);
  }

  /**
   * The connection has ended.
   * @param counts a challenge that was sent and not answered speaks against the host
   */
  async end(counts: boolean): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#again);
    this.#wishes.fail(this.#unavailable());
    const why = { code: 'round-interrupted', message: 'the connection ended before the host answered' };
    await this.#conclude(why, counts).catch((error) => {
      if (!(error instanceof AssayError && error.code.startsWith('challenge-'))) throw error; // the host was removed
    });
  }

  async #begin(): Promise<void> {
    if (this.#busy || this.#sent || this.#ended || !this.#wishes.isDue) return;
    const { host, akName, connection, send } = this.#of;
    const { db, clock, standards, periodMs, challengeTimeoutMs } = this.#needs;
    this.#busy = true;
    clearTimeout(this.#again);
    try {
      const counts = this.#of.counts();
      const { challenge, pcrs, logs, tag } = await this.#needs.together(async (tx) => {
        const challenge = await issueChallenge(tx, { host, akName, connection, counts }, clock.now());
        const { memberships, tags } = await heldTo(tx, standards, host);
        const pcrs = pcrsWish(memberships);
        const logs = { ...(await logsWish(tx, host, pcrs, memberships)), ...tagsWish(tags) };
        return { challenge, pcrs, logs, tag: tags && (await this.#of.tags.due(tx)) };
      });
      const wanted = this.#ended ? undefined : this.#wishes.send();
      if (!wanted) {
        await useChallenge(db, challenge.id, { host, akName, connection }); // never sent, so nobody failed to answer
        return;
      }
      const sent = { ...challenge, sentAtMs: wanted.sentAtMs, pcrs, imaAsked: logs.ima_offset };
      this.#sent = { challenge: sent, wanted };
      if (tag) {
        send(tag);
        this.#of.tags.sent(tag);
      }
      send({ type: 'challenge', challenge: challenge.id, nonce: challenge.nonce, pcrs: [...pcrs], ...logs });
      this.#again = setTimeout(() => this.ask().catch(() => undefined), periodMs);
      this.#late = setTimeout(() => {
        if (this.#sent?.challenge.id !== challenge.id) return;
        this.#givenUp = challenge.id;
        this.#conclude(this.#noAnswer()).catch((error) => this.#of.failed(error));
      }, challengeTimeoutMs);
    } catch (error) {
      this.#wishes.fail(error);
      this.#of.failed(error);
    } finally {
      this.#busy = false;
    }
  }

  async #conclude(answer: Answer, counts = this.#of.counts()): Promise<void> {
    const sent = this.#sent;
    if (!sent) return;
    clearTimeout(this.#late);
    this.#sent = undefined;
    this.#busy = true;
    try {
      const conclusion = await conclude(this.#needs, sent.challenge, answer, counts);
      const { trust, reason } = conclusion.verdict;
      this.#of.send({ type: 'result', challenge: sent.challenge.id, trust, reason });
      this.#of.concluded(conclusion);
      this.#needs.history.due();
      // What neither proves nor counts was stored nowhere: whoever waits would take what was there before for the answer.
      if (conclusion.authentic || counts) sent.wanted.resolve(conclusion);
      else sent.wanted.reject(this.#unavailable());
      this.#oneAfterAnother = conclusion.goesOn ? this.#oneAfterAnother + 1 : 0;
      if (conclusion.goesOn && this.#oneAfterAnother < mostOneAfterAnother) this.ask().catch(() => undefined);
    } catch (error) {
      sent.wanted.reject(error);
      throw error;
    } finally {
      this.#wishes.over();
      this.#busy = false;
      void this.#begin();
    }
  }

  #noAnswer() {
    const { challengeTimeoutMs } = this.#needs;
    return { code: 'no-answer', message: `the host did not answer within ${challengeTimeoutMs / 1000} s` };
  }

  #unavailable() {
    return new AssayError(
      'attest-unavailable',
      `host ${this.#of.host}`,
      'a connected agent',
      'a connection that ended',
    );
  }
}
