// One supervised process: started when what it needs is ready, started again when it dies, ended when told.
// Says nothing of order among units beyond their own needs: `supervisor.ts` knows them all.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';
import { endProcess, type ProcessRecord, recordOf, removeRecord, writeRecord } from './process-record.ts';

export type UnitPlan = {
  /** Also the name of its log and of its record: `node1-agent`. */
  name: string;
  command: readonly [string, ...string[]];
  cwd: string;
  env?: Readonly<Record<string, string>>;
  /** Units that must be ready before this one is started. */
  after?: readonly string[];
  /** Ends when that unit ends, and starts again after it: a service of a host that reboots. */
  partOf?: string;
  /**
   * Asked again and again after the start until true; or `told`: the process writes a line to the file descriptor that the
   * environment's ASSAY_READY_FD names. Without it a started process is a ready one.
   */
  ready?: 'told' | (() => Promise<boolean>);
  /** Runs once the process is ready and before others may rely on it. When it fails the process is ended and started again. */
  afterStart?: () => Promise<void>;
  /** Runs before the process is asked to end. A failure is logged; the process ends all the same. */
  beforeStop?: () => Promise<void>;
  /** Runs when the process and all parts have ended, on purpose or not, before anything is started again. A failure is logged. */
  whenDown?: () => Promise<void>;
  /** Default 20 s. */
  readyTimeoutMs?: number;
  /** From TERM to KILL; default 5 s. */
  patienceMs?: number;
};

export type UnitState = 'stopped' | 'waiting' | 'starting' | 'ready' | 'stopping' | 'died';

export type UnitStatus = {
  name: string;
  state: UnitState;
  pid?: number;
  /** How often it was started again since it was last told to start. */
  restarts: number;
  /** Starts in a row that did not lead to a ready unit. */
  failures: number;
  /** How it last ended: `exit 1`, `SIGKILL`. */
  ended?: string;
};

/** What a unit needs of those around it. */
export type Surroundings = {
  runDir: string;
  logDir: string;
  log: Log;
  /** A unit's state has changed: everybody looks again. */
  changed(): void;
  /** Waits until `true`, looking again at each change. @returns false when `timeoutMs` passed first */
  until(condition: () => boolean, timeoutMs?: number): Promise<boolean>;
  /** Are all of these ready? */
  areReady(names: readonly string[]): boolean;
  /** Ends the processes of the units that are part of this one, which stay wanted. */
  haltPartsOf(name: string): Promise<void>;
};

/** Names the file descriptor on which a process says that it is ready. */
const readyVariable = 'ASSAY_READY_FD';
const readyFd = 3;

/** Milliseconds before the n-th start in a row that failed, n from 1. */
const pauses = [200, 500, 1000, 2000, 5000];
/** A process that lived as long as this is no failed start. */
const livedMs = 30_000;

export class SupervisedUnit {
  readonly plan: UnitPlan;
  wanted = false;
  state: UnitState = 'stopped';
  restarts = 0;
  failures = 0;
  readonly #around: Surroundings;
  #running: ProcessRecord | undefined;
  #ended: string | undefined;
  #living = false;
  #halt: Promise<void> | undefined;

  constructor(plan: UnitPlan, around: Surroundings) {
    this.plan = plan;
    this.#around = around;
  }

  status(): UnitStatus {
    return {
      name: this.plan.name,
      state: this.state,
      ...(this.#running && { pid: this.#running.pid }),
      restarts: this.restarts,
      failures: this.failures,
      ...(this.#ended && { ended: this.#ended }),
    };
  }

  /** From now on it shall run. Returns at once; what became of it tells `state`. */
  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.restarts = 0;
    this.failures = 0;
    if (!this.#living) void this.#live();
    this.#around.changed();
  }

  /** From now on it shall not run. Returns when it does not. */
  async stop(): Promise<void> {
    this.wanted = false;
    this.#around.changed();
    await this.halt();
    await this.#around.until(() => this.wanted || this.state === 'stopped');
  }

  /** Ends the process there is now; while wanted, it is started again as soon as what it needs is ready. */
  halt(): Promise<void> {
    this.#halt ??= this.#end().finally(() => {
      this.#halt = undefined;
      this.#around.changed();
    });
    return this.#halt;
  }

  async #end(): Promise<void> {
    const { plan } = this;
    const record = this.#running;
    if (record) this.#become('stopping'); // before the parts end, so that they do not start again
    await this.#around.haltPartsOf(plan.name);
    if (!record || this.#running !== record) return;
    await this.#tolerated(plan.beforeStop, 'could not prepare the stop');
    await endProcess(record, plan.patienceMs ?? 5000);
    await this.#around.until(() => this.#running !== record);
  }

  async #live(): Promise<void> {
    this.#living = true;
    const needs = [...(this.plan.after ?? []), ...(this.plan.partOf ? [this.plan.partOf] : [])];
    const mayStart = () => !this.#halt && this.#around.areReady(needs);
    while (this.wanted) {
      this.#become('waiting');
      await this.#around.until(() => !this.wanted || mayStart());
      if (!this.wanted || !mayStart()) continue; // it may have changed again meanwhile
      const began = performance.now();
      const onPurpose = await this.#runOnce();
      this.#become(onPurpose ? 'stopping' : 'died');
      await this.#around.haltPartsOf(this.plan.name);
      await this.#tolerated(this.plan.whenDown, 'could not clear up behind it');
      if (!this.wanted) break;
      this.restarts++;
      if (onPurpose) continue;
      this.#around.log.warn({ unit: this.plan.name, ended: this.#ended }, 'a process ended by itself');
      if (performance.now() - began > livedMs) this.failures = 0;
      this.failures++;
      this.#around.changed();
      await this.#around.until(() => !this.wanted, pauses[Math.min(this.failures, pauses.length) - 1]);
    }
    this.#living = false;
    this.#become('stopped');
  }

  /** From spawn to exit; whatever goes wrong ends the process. @returns true when it was ended on purpose */
  async #runOnce(): Promise<boolean> {
    const { plan } = this;
    const { runDir, logDir, log } = this.#around;
    this.#become('starting');
    let child: ChildProcess;
    try {
      const [program, ...args] = plan.command;
      // The process writes to the file itself, so that it outlives a supervisor that was killed.
      const out = openSync(join(logDir, `${plan.name}.log`), 'a', 0o600);
      const told = plan.ready === 'told';
      const env = { ...plan.env, ...(told && { [readyVariable]: String(readyFd) }) };
      child = spawn(program, args, { cwd: plan.cwd, env, stdio: ['ignore', out, out, told ? 'pipe' : 'ignore'] });
      closeSync(out);
    } catch (error) {
      this.#ended = `not started: ${(error as Error).message}`;
      return false;
    }
    const record = child.pid === undefined ? undefined : recordOf(plan.name, child.pid, plan.command);
    this.#running = record;
    this.#around.changed();
    log.info({ unit: plan.name, pid: child.pid }, 'started');

    let over = false;
    let onPurpose = false;
    const end = exitOf(child).then((how) => {
      over = true;
      onPurpose = this.#halt !== undefined;
      this.#ended = how;
      this.#running = undefined;
      removeRecord(runDir, plan.name);
      log.info({ unit: plan.name, pid: child.pid, ended: how }, 'ended');
      this.#around.changed();
    });
    try {
      if (record) writeRecord(runDir, record);
      if (record) await this.#untilReady(toldBy(child), () => over);
      if (record && !over && this.state === 'starting') {
        this.#become('ready');
        log.info({ unit: plan.name }, 'ready');
      }
    } catch (error) {
      if (!over) log.error({ unit: plan.name, err: error }, 'could not get ready');
      if (record) await endProcess(record, plan.patienceMs ?? 5000);
    }
    await end;
    return onPurpose;
  }

  async #untilReady(told: () => boolean, over: () => boolean): Promise<void> {
    const { plan } = this;
    const ready = plan.ready === 'told' ? async () => told() : plan.ready;
    const timeoutMs = plan.readyTimeoutMs ?? 20_000;
    const deadline = performance.now() + timeoutMs;
    while (ready && !over() && !(await ready())) {
      if (performance.now() > deadline)
        throw new AssayError('lab-unit-slow', plan.name, `it to serve within ${timeoutMs / 1000} s`, 'no answer');
      await delay(50);
    }
    if (!over() && this.state === 'starting') await plan.afterStart?.();
  }

  async #tolerated(work: (() => Promise<void>) | undefined, failure: string): Promise<void> {
    try {
      await work?.();
    } catch (error) {
      this.#around.log.error({ unit: this.plan.name, err: error }, failure);
    }
  }

  #become(state: UnitState): void {
    this.state = state;
    this.#around.changed();
  }
}

/** Has the process said that it is ready? */
function toldBy(child: ChildProcess): () => boolean {
  let told = false;
  const line = child.stdio[readyFd];
  line?.on('error', () => undefined);
  line?.once('data', () => {
    told = true;
    line.destroy();
  });
  return () => told;
}

/** How it ended, in words. */
function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((done) => {
    child.once('error', (error) => {
      if (child.pid === undefined) done(`not started: ${error.message}`);
    });
    child.once('exit', (code, signal) => done(signal ?? `exit ${code}`));
  });
}
