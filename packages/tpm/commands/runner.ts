// One command after the other on one device, sent again while the TPM asks for patience, within a bound.
// Objects that programs before us left behind are flushed, but only when they leave no room for ours.
import { setTimeout as sleepFor } from 'node:timers/promises';
import { AssayError, type Fields } from '@assay/core';
import type { TpmDevice } from '../device/device.ts';
import { FirstHandle } from '../structures/handles.ts';
import type { Authorization } from '../structures/session.ts';
import { type Arguments, type Command, commandBytes, type Result, readResponse } from './command.ts';
import { FlushContext } from './keys.ts';
import { GetCapability } from './state.ts';

const askAgain = ['tpm-rc-retry', 'tpm-rc-yielded', 'tpm-rc-testing', 'tpm-rc-nv-rate'];
/** Which kinds of handle must go when the TPM has no room. */
const roomFor: Record<string, (keyof typeof FirstHandle)[]> = {
  'tpm-rc-object-memory': ['transient'],
  'tpm-rc-object-handles': ['transient'],
  'tpm-rc-memory': ['transient', 'loadedSession'],
  'tpm-rc-session-memory': ['loadedSession'],
  'tpm-rc-session-handles': ['loadedSession', 'savedSession'],
  'tpm-rc-context-gap': ['loadedSession', 'savedSession'],
};

export type RunnerOptions = {
  /** How long one command may take, with all its repetitions. Commands that make keys may take five times as long. */
  timeoutMs: number;
  sleep?: (ms: number) => Promise<unknown>;
  now?: () => number;
};

export class Runner {
  readonly #device: TpmDevice;
  readonly #timeoutMs: number;
  readonly #sleep: (ms: number) => Promise<unknown>;
  readonly #now: () => number;
  readonly #own = new Set<number>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    device: TpmDevice,
    { timeoutMs, sleep = (ms) => sleepFor(ms), now = () => performance.now() }: RunnerOptions,
  ) {
    this.#device = device;
    this.#timeoutMs = timeoutMs;
    this.#sleep = sleep;
    this.#now = now;
  }

  /** Objects and sessions made here and not yet flushed. */
  get own(): readonly number[] {
    return [...this.#own];
  }

  /**
   * Runs a command when those before it are done.
   * @throws AssayError `tpm-rc-…` when the TPM refuses, `tpm-timeout`, `tpm-gone`, `wire-…` when the answer is malformed
   */
  run<H extends Fields, P extends Fields, A extends Fields, R extends Fields>(
    command: Command<H, P, A, R>,
    values: Arguments<H, P>,
    authorizations: readonly Authorization[] = [],
    timeoutMs = this.#timeoutMs * (command.slow ? 5 : 1),
  ): Promise<Result<A, R>> {
    const turn = this.#last.then(() => this.#untilDone(command, values, authorizations, timeoutMs));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #untilDone<H extends Fields, P extends Fields, A extends Fields, R extends Fields>(
    command: Command<H, P, A, R>,
    values: Arguments<H, P>,
    authorizations: readonly Authorization[],
    timeoutMs: number,
  ): Promise<Result<A, R>> {
    const end = this.#now() + timeoutMs;
    let madeRoom = false;
    for (let pause = 5; ; pause = Math.min(pause * 2, 500)) {
      try {
        return await this.#once(command, values, authorizations, end - this.#now());
      } catch (error) {
        if (!(error instanceof AssayError)) throw error;
        const crowded = roomFor[error.code];
        if (crowded && !madeRoom && !this.#device.managed) {
          madeRoom = true;
          if ((await this.#makeRoom(crowded, end)) > 0) continue;
        }
        if (!askAgain.includes(error.code) || this.#now() + pause >= end) throw error;
      }
      await this.#sleep(pause);
    }
  }

  async #once<H extends Fields, P extends Fields, A extends Fields, R extends Fields>(
    command: Command<H, P, A, R>,
    values: Arguments<H, P>,
    authorizations: readonly Authorization[],
    timeoutMs: number,
  ): Promise<Result<A, R>> {
    const response = await this.#device.transmit(commandBytes(command, values, authorizations), Math.max(1, timeoutMs));
    const result = readResponse(command, response, authorizations.length);
    for (const name of Object.keys(command.returnsHandles)) this.#own.add(result[name] as number);
    for (const { session, attributes } of authorizations) if (!attributes.continueSession) this.#own.delete(session); // it ended
    if (command.code === FlushContext.code) this.#own.delete((values as { flushHandle: number }).flushHandle);
    return result;
  }

  /** Flushes what others left loaded. @returns how many were flushed */
  async #makeRoom(kinds: (keyof typeof FirstHandle)[], end: number): Promise<number> {
    let flushed = 0;
    for (const kind of kinds) {
      const question = { capability: 'handles', property: FirstHandle[kind], propertyCount: 254 } as const;
      const { capabilityData } = await this.#once(GetCapability, question, [], end - this.#now());
      if (capabilityData.capability !== 'handles') continue;
      for (const handle of capabilityData.handles) {
        if (this.#own.has(handle)) continue;
        await this.#once(FlushContext, { flushHandle: handle }, [], end - this.#now());
        flushed++;
      }
    }
    return flushed;
  }
}
