// One running QEMU: what becomes of it, and how is it told to run, power off, begin anew or end? Whether it lives is the
// process table's word; its monitor only tells why it ended, and may be silent.
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { isAlive, type Log } from '@assay/daemon';
import { kill, type ProcessId } from './process.ts';
import { connectQmp, type Qmp, type QmpEvent } from './qmp.ts';

/** `guest`: it powered itself off; undefined: it was killed, or failed. */
export type Ending = { by: 'guest' | undefined; reason: string };

const pressEveryMs = 1_500;
const killedWithinMs = 10_000;

/** States in QEMU's words in which a guest that was let run is over, though its process is not. */
const over: Readonly<Record<string, Ending>> = {
  shutdown: { by: 'guest', reason: 'guest-shutdown' },
  'guest-panicked': { by: 'guest', reason: 'guest-panicked' },
  'internal-error': { by: undefined, reason: 'QEMU: internal-error' },
  prelaunch: { by: undefined, reason: 'it had never been let run' },
};

export class Guest {
  readonly process: ProcessId;
  readonly ended: Promise<Ending>;
  readonly #id: string;
  readonly #socket: string;
  readonly #log: Log;
  readonly #end = Promise.withResolvers<Ending>();
  #over = false;
  #ending: Ending | undefined;
  #qmp: Qmp | undefined;
  #connecting: Promise<string> | undefined;
  /** It has been let run: its state counts, and a monitor that was lost is looked for again. */
  #released = false;
  /** While it is rebooted: what to do when it is off. */
  #poweredOff: (() => void) | undefined;

  constructor(id: string, process_: ProcessId, socket: string, log: Log) {
    this.#id = id;
    this.process = process_;
    this.#socket = socket;
    this.#log = log;
    this.ended = this.#end.promise;
  }

  /** Has it ended, and is its monitor still there? Asked again and again. */
  look(): void {
    if (this.#over) return;
    if (!isAlive(this.process, this.process.boot_id)) {
      this.leave();
      this.#end.resolve(this.#ending ?? { by: undefined, reason: 'QEMU ended without a word' });
    } else if (this.#released && !this.#qmp) this.connect().catch(() => undefined);
  }

  /** @returns the state of the machine in QEMU's words: `running`, `prelaunch`, … @throws AssayError `guest-silent` */
  connect(greetingMs = 20_000): Promise<string> {
    this.#connecting ??= this.#connect(greetingMs).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** One that an earlier compute-host let run, or was about to. @returns what its QEMU says; undefined: nothing */
  async adopt(): Promise<string | undefined> {
    const status = await this.connect(2_000).catch((error: unknown) => {
      if (!this.#over) this.#log.warn({ err: error, instance: this.#id }, 'it runs, but its QEMU does not answer');
      return undefined;
    });
    this.#released = true;
    if (status !== undefined) this.#judge(status);
    return status;
  }

  /** Lets a paused guest run. The order is given before this returns. @throws AssayError */
  async run(): Promise<void> {
    this.#released = true;
    await this.#ask('cont');
    const status = await this.#status();
    if (status !== 'running') throw new AssayError('guest-start', this.#where, 'a guest that runs', status);
  }

  /** Asks it to power off, ends it after its time. @throws AssayError `host-stopping` when `signal` comes first */
  async powerOff(limitMs: number, signal: AbortSignal): Promise<void> {
    await this.#press(limitMs, this.ended, signal);
    await this.kill('ended on request');
  }

  /** Begins anew in the same QEMU, after it has had the time to power off. What `mayRun` throws is the outcome. */
  async restart(limitMs: number, mayRun: () => void, signal: AbortSignal): Promise<void> {
    const off = Promise.withResolvers<'off'>();
    this.#poweredOff = () => off.resolve('off');
    let isOff = false;
    try {
      const first = await this.#press(limitMs, Promise.race([off.promise, this.ended]), signal);
      if (first !== undefined && first !== 'off')
        throw new AssayError('guest-ended', this.#where, 'a guest that runs', first.reason);
      isOff = first === 'off';
      mayRun();
      await this.#ask('system_reset');
      // The reset is carried out a moment after its answer; until then QEMU refuses to go on.
      for (let tries = 50; ; tries--) {
        try {
          return await this.run();
        } catch (error) {
          if (tries === 0) throw error;
          await sleep(20);
        }
      }
    } catch (error) {
      if (isOff) await this.kill('powered off for a reboot that did not come about');
      throw error;
    } finally {
      this.#poweredOff = undefined;
    }
  }

  /** Ends it at once. @throws AssayError `guest-immortal` */
  async kill(reason: string): Promise<void> {
    this.#ending ??= { by: undefined, reason };
    kill(this.process, this.process.boot_id);
    await this.#lookUntilOver(killedWithinMs);
    if (!this.#over)
      throw new AssayError('guest-immortal', `${this.#where}, process ${this.process.pid}`, 'it to end', 'it lives');
  }

  /** We go, the guest stays. */
  leave(): void {
    this.#over = true;
    this.#qmp?.close();
  }

  get #where(): string {
    return `instance ${this.#id}`;
  }

  async #connect(greetingMs: number): Promise<string> {
    try {
      const qmp = await connectQmp(this.#socket, (event) => this.#heard(event), { greetingMs });
      if (this.#over) qmp.close();
      this.#qmp = qmp;
      void qmp.closed.then(() => {
        this.#qmp = undefined;
        return this.#lookUntilOver();
      });
      const status = await this.#status();
      if (this.#released) this.#judge(status);
      return status;
    } catch (cause) {
      this.look();
      throw new AssayError('guest-silent', this.#where, 'an answer of its QEMU', cause, { cause });
    }
  }

  async #ask(command: string): Promise<unknown> {
    if (!this.#qmp) await this.connect(5_000);
    if (!this.#qmp) throw new AssayError('guest-silent', this.#where, 'an answer of its QEMU', 'none');
    return this.#qmp.execute(command);
  }

  async #status(): Promise<string> {
    const answer = (await this.#ask('query-status')) as { status?: unknown } | null;
    return String(answer?.status);
  }

  /** Presses the power button until `done`: a guest that still boots does not notice the first time. */
  async #press<T>(limitMs: number, done: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    const deadline = performance.now() + limitMs;
    const settled = new AbortController();
    const either = AbortSignal.any([signal, settled.signal]);
    try {
      for (let leftMs = limitMs; leftMs > 0; leftMs = deadline - performance.now()) {
        await this.#ask('system_powerdown').catch(() => undefined);
        const pause = sleep(Math.min(pressEveryMs, leftMs), undefined, { signal: either }).catch(() => undefined);
        const first = await Promise.race([done, pause]);
        if (signal.aborted)
          throw new AssayError('host-stopping', 'compute-host', 'one that waits for a guest to power off', 'it ends');
        if (first !== undefined) return first as T;
      }
      return undefined;
    } finally {
      settled.abort();
    }
  }

  async #lookUntilOver(limitMs = 2_000): Promise<void> {
    for (let waitedMs = 0; !this.#over && waitedMs <= limitMs; waitedMs += 10) {
      this.look();
      if (!this.#over) await sleep(10);
    }
  }

  #heard({ event, data }: QmpEvent): void {
    if (event === 'SHUTDOWN') {
      const by = data['guest'] === true ? 'guest' : undefined;
      const { reason } = data;
      this.#finish({ by, reason: typeof reason === 'string' ? reason.slice(0, 100) : 'shutdown' });
    } else if (event === 'STOP' && this.#released) {
      // Powered off (SHUTDOWN follows or came), or the processor met what it could not do.
      this.#status().then(
        (status) => this.#judge(status),
        () => undefined,
      );
    }
  }

  #judge(status: string): void {
    const ending = over[status];
    if (ending) this.#finish(ending);
  }

  #finish(ending: Ending): void {
    if (this.#poweredOff) {
      this.#poweredOff();
      return;
    }
    this.#ending ??= ending;
    this.kill(ending.reason).catch((error: unknown) => this.#log.error({ err: error }, 'a guest that ended is there'));
  }
}
