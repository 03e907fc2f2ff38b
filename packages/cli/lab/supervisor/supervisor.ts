// Which processes of the lab run, in which order do they start and end, and what follows when one dies?
// Knows nothing of TPMs or clouds: `units.ts` says what there is to run.
import { EventEmitter } from 'node:events';
import { mkdirSync } from 'node:fs';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';
import { SupervisedUnit, type Surroundings, type UnitPlan, type UnitStatus } from './unit.ts';
import { limitLogs, tellingLine } from './unit-log.ts';

/** So many failed starts in a row, and whoever waits for the unit is told. The supervisor itself goes on trying. */
const patienceInFailures = 3;

export class Supervisor {
  readonly #units = new Map<string, SupervisedUnit>();
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #logDir: string;
  readonly #logLimit: NodeJS.Timeout;

  constructor(plans: readonly UnitPlan[], { runDir, logDir, log }: { runDir: string; logDir: string; log: Log }) {
    mkdirSync(logDir, { recursive: true, mode: 0o700 });
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    this.#logDir = logDir;
    const around: Surroundings = {
      runDir,
      logDir,
      log,
      changed: () => void this.#events.emit('change'),
      until: (condition, timeoutMs) => this.#until(condition, timeoutMs),
      areReady: (names) => names.every((name) => this.#unit(name).state === 'ready'),
      haltPartsOf: async (name) => {
        await Promise.all(this.#partsOf(name).map((unit) => unit.halt()));
      },
    };
    for (const plan of plans) this.#units.set(plan.name, new SupervisedUnit(plan, around));
    for (const { after = [], partOf } of plans)
      for (const need of partOf ? [...after, partOf] : after) this.#unit(need);
    this.#logLimit = setInterval(() => limitLogs(logDir), 30_000).unref();
  }

  status(): UnitStatus[] {
    return [...this.#units.values()].map((unit) => unit.status());
  }

  /**
   * Starts these units and whatever they need, each when its needs are ready; returns when all of them are.
   * @throws AssayError `lab-unit-failed` when one of them failed to start three times in a row
   */
  async start(names: readonly string[]): Promise<void> {
    const wanted = this.#withNeeds(names);
    for (const unit of wanted) unit.start();
    await this.#ready(wanted);
  }

  /** Ends these units. What is part of them ends too, and comes back with them. */
  async stop(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#unit(name).stop()));
  }

  /** Ends the unit and its parts, then starts them again; returns when all that is wanted is ready again. */
  async restart(name: string): Promise<void> {
    const unit = this.#unit(name);
    if (!unit.wanted) throw new AssayError('lab-unit-stopped', name, 'a unit that runs', 'one that was stopped');
    const all = [unit, ...this.#partsOf(name).filter((part) => part.wanted)];
    for (const one of all) one.failures = 0;
    await unit.halt();
    await this.#ready(all);
  }

  /** Ends everything, what was needed by others after those others. */
  async stopAll(): Promise<void> {
    clearInterval(this.#logLimit);
    const left = new Set(this.#units.values());
    while (left.size > 0) {
      const needed = new Set([...left].flatMap((unit) => this.#needsOf(unit)));
      const free = [...left].filter((unit) => !needed.has(unit));
      if (free.length === 0) throw new Error('units need each other in a circle');
      await Promise.all(free.map((unit) => unit.stop()));
      for (const unit of free) left.delete(unit);
    }
  }

  async #ready(units: readonly SupervisedUnit[]): Promise<void> {
    const failed = () => units.find((unit) => unit.failures >= patienceInFailures);
    await this.#until(() => failed() !== undefined || units.every((unit) => unit.state === 'ready' || !unit.wanted));
    const unit = failed();
    if (!unit) return;
    const { name, ended = 'no answer' } = unit.status();
    const line = tellingLine(this.#logDir, name);
    throw new AssayError('lab-unit-failed', name, 'it to start', line === undefined ? ended : `${ended}: ${line}`, {
      hint: `its log is ${this.#logDir}/${name}.log`,
    });
  }

  #unit(name: string): SupervisedUnit {
    const unit = this.#units.get(name);
    if (unit) return unit;
    throw new AssayError('lab-unit-unknown', 'the lab', [...this.#units.keys()].join(', '), name);
  }

  #partsOf(name: string): SupervisedUnit[] {
    return [...this.#units.values()].filter((unit) => unit.plan.partOf === name);
  }

  #needsOf(unit: SupervisedUnit): SupervisedUnit[] {
    const { after = [], partOf } = unit.plan;
    return (partOf ? [...after, partOf] : after).map((name) => this.#unit(name));
  }

  #withNeeds(names: readonly string[]): SupervisedUnit[] {
    const found = new Set<SupervisedUnit>();
    const visit = (unit: SupervisedUnit) => {
      if (found.has(unit)) return;
      for (const need of this.#needsOf(unit)) visit(need);
      found.add(unit);
    };
    for (const name of names) visit(this.#unit(name));
    return [...found];
  }

  #until(condition: () => boolean, timeoutMs?: number): Promise<boolean> {
    return new Promise((done) => {
      const finish = (met: boolean) => {
        clearTimeout(timer);
        this.#events.off('change', look);
        done(met);
      };
      const look = () => {
        if (condition()) finish(true);
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => finish(false), timeoutMs);
      this.#events.on('change', look);
      look();
    });
  }
}
