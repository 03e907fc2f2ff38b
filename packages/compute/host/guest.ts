// One running QEMU: what becomes of it, and how is it told to run, power off, begin anew or end? Whether it lives is the
// process table's word; its monitor only tells why it ended, and may be silent.
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';
import { isAlive, kill, type ProcessId } from './process.ts';
import { connectQmp, type Qmp, type QmpEvent } from './qmp.ts';

/** `guest`: it powered itself off; undefined: it was killed, or failed. */
export type Ending = { by: 'guest' | undefined; reason: string };

const pressEveryMs = 1_500;
const killedWithinMs = 10_000;

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
  /** It has been let run, so a monitor that was lost is looked for again. */
  #released = false;
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
      this.#over = true;
      this.#qmp?.close();
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

  async #connect(greetingMs: number): Promise<string> {
    try {
      const qmp = await connectQmp(this.#socket, (event) => this.#heard(event), { greetingMs });
      this.#qmp = qmp;
      void qmp.closed.then(() => {
        if (this.#qmp === qmp) this.#qmp = undefined;
        void this.#lookUntilOver();
      });
      const { status } = (await qmp.execute('query-status')) as { status: string };
      if (this.#released) this.#judge(status);
      return status;
    } catch (cause) {
      this.look();
      throw new AssayError('guest-silent', `instance ${this.#id}`, 'an answer of its QEMU', cause, { cause });
    }
  }

  /** An adopted guest, or one that has just been let run: from now on its state counts. */
  adopt(status: string | undefined): void {
    this.#released = true;
    if (status !== undefined) this.#judge(status);
  }

  /** Lets a paused guest run. @throws AssayError */
  async run(): Promise<void> {
    this.#released = true;
    await this.#ask('cont');
    const { status } = (await this.#ask('query-status')) as { status: string };
    if (status !== 'running') throw new AssayError('guest-start', `instance ${this.#id}`, 'a guest that runs', status);
  }

  /** Asks it to power off, ends it after its time. */
  async powerOff(limitMs: number): Promise<void> {
    await this.#press(limitMs, this.ended);
    await this.kill('ended on request');
  }

  /** Begins anew in the same QEMU, after it has had the time to power off. What `mayRun` throws ends it there. */
  async restart(limitMs: number, mayRun: () => void): Promise<void> {
    const off = new Promise<void>((done) => {
      this.#poweredOff = done;
    });
    try {
      const end = await this.#press(limitMs, Promise.race([off.then(() => undefined), this.ended]));
      if (this.#over || end)
        throw new AssayError('guest-ended', `instance ${this.#id}`, 'a guest that runs', end?.reason);
      mayRun();
      await this.#ask('system_reset');
      // The reset is carried out a moment after its answer; until then QEMU refuses to go on.
      for (let tries = 0; ; tries++) {
        try {
          return await this.run();
        } catch (error) {
          if (tries >= 50) throw error;
          await sleep(20);
        }
      }
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
      throw new AssayError(
        'guest-immortal',
        `instance ${this.#id}, process ${this.process.pid}`,
        'it to end',
        'it lives',
      );
  }

  /** We go, the guest stays. */
  leave(): void {
    this.#over = true;
    this.#qmp?.close();
  }

  async #ask(command: string): Promise<unknown> {
    if (!this.#qmp) await this.connect(5_000);
    if (!this.#qmp) throw new AssayError('guest-silent', `instance ${this.#id}`, 'an answer of its QEMU', 'none');
    return this.#qmp.execute(command);
  }

  /** Presses the power button until `done`: a guest that still boots does not notice the first time. */
  async #press<T>(limitMs: number, done: Promise<T>): Promise<T | undefined> {
    const deadline = performance.now() + limitMs;
    const stop = new AbortController();
    try {
      for (let leftMs = limitMs; leftMs > 0; leftMs = deadline - performance.now()) {
        await this.#ask('system_powerdown').catch(() => undefined);
        const pause = sleep(Math.min(pressEveryMs, leftMs), stop, { signal: stop.signal }).catch(() => stop);
        const first = await Promise.race([done, pause]);
        if (first !== stop) return first as T;
      }
    } finally {
      stop.abort();
    }
    return undefined;
  }

  async #lookUntilOver(limitMs = 2_000): Promise<void> {
    for (let waitedMs = 0; !this.#over && waitedMs <= limitMs; waitedMs += 10) {
      this.look();
      if (!this.#over) await sleep(10);
    }
  }

  #heard({ event, data }: QmpEvent): void {
    if (event === 'SHUTDOWN') {
      if (this.#poweredOff) {
        this.#poweredOff();
        return;
      }
      const by = data['guest'] === true ? 'guest' : undefined;
      this.#ending ??= { by, reason: typeof data['reason'] === 'string' ? data['reason'].slice(0, 100) : 'shutdown' };
      this.#quit();
    } else if (event === 'STOP' && this.#released) {
      // Powered off (SHUTDOWN follows or came), or the processor met what it could not do.
      void this.#ask('query-status').then(
        (answer) => this.#judge((answer as { status: string }).status),
        () => undefined,
      );
    }
  }

  #judge(status: string): void {
    if (this.#poweredOff) return;
    const failed: Record<string, Ending> = {
      shutdown: { by: 'guest', reason: 'guest-shutdown' },
      'guest-panicked': { by: 'guest', reason: 'guest-panicked' },
      'internal-error': { by: undefined, reason: 'QEMU: internal-error' },
      prelaunch: { by: undefined, reason: 'it had never been let run' },
    };
    const ending = failed[status];
    if (!ending) return;
    this.#ending ??= ending;
    this.#quit();
  }

  #quit(): void {
    const reason = this.#ending?.reason ?? 'ended';
    this.kill(reason).catch((error: unknown) => this.#log.error({ err: error }, 'a guest that ended is still there'));
  }
}
