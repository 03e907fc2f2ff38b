// The loop: takes an input that reached something new, makes a mutant of it, looks whether anything happens that must not.
import { Coverage } from './coverage.ts';
import { mutate } from './mutate.ts';
import { faultOf, Slow } from './oracle.ts';
import { Random } from './random.ts';
import type { Target } from './targets/target.ts';

export type Crash = { target: string; input: Uint8Array; fault: unknown };
export type Tally = { runs: number; crashes: Crash[]; kept: number };

/** Mutants between two looks at what was reached: a look takes some milliseconds. */
const batch = 24;
/** Of one target and kind: the same fault comes back again and again. */
const mostCrashes = 3;

type State = { target: Target; corpus: Uint8Array[]; seeds: readonly Uint8Array[]; faults: Map<string, number> };

export class Loop {
  readonly tally: Tally = { runs: 0, crashes: [], kept: 0 };
  readonly #random: Random;
  readonly #states: readonly State[];
  readonly #coverage: Coverage | undefined;

  /** @param guided whether what is new decides what is kept: repeats itself less exactly, reaches more */
  constructor(targets: readonly Target[], seed: number, guided: boolean) {
    this.#random = new Random(seed);
    this.#states = targets.map((target) => {
      const seeds = target.seeds();
      return { target, corpus: [...seeds], seeds, faults: new Map() };
    });
    this.#coverage = guided ? new Coverage() : undefined;
  }

  /** Blocks of our code that were reached; 0 when it is not guided. */
  get blocks(): number {
    return this.#coverage?.blocks ?? 0;
  }

  /** Honest inputs first: they must have no fault. Then mutants of every target in turns, until told to stop. */
  async run(goesOn: () => boolean): Promise<Tally> {
    this.#coverage?.start();
    for (const state of this.#states) for (const seed of state.seeds) await this.#try(state, seed);
    this.#coverage?.fresh();
    for (let turn = 0; goesOn(); turn++) await this.#batchOf(this.#states[turn % this.#states.length] as State);
    this.#coverage?.stop();
    return this.tally;
  }

  async #batchOf(state: State): Promise<void> {
    const mutants = Array.from({ length: batch }, () =>
      mutate(this.#chosen(state), this.#random, { seeds: state.seeds, words: state.target.words ?? [] }),
    );
    for (const mutant of mutants) await this.#try(state, mutant);
    await this.#keep(state, mutants);
  }

  /** Of a batch that reached something new: each again, alone, for as long as there is something left that it may have been. */
  async #keep({ target, corpus }: State, mutants: readonly Uint8Array[]): Promise<void> {
    let fresh = this.#coverage?.fresh() ?? new Set<string>();
    for (const mutant of mutants) {
      if (fresh.size === 0) return;
      await faultOf(target, mutant);
      const reached = this.#coverage?.reached() ?? new Set();
      if (fresh.isDisjointFrom(reached)) continue;
      fresh = fresh.difference(reached);
      corpus.push(mutant);
      this.tally.kept += 1;
    }
  }

  /** Rather one of the last, which reached what the others did not. */
  #chosen({ corpus }: State): Uint8Array {
    const recent = this.#random.oneIn(2) ? corpus.slice(-20) : corpus;
    return this.#random.pick(recent);
  }

  async #try(state: State, input: Uint8Array): Promise<void> {
    this.tally.runs += 1;
    const fault = await this.#faultOf(state.target, input);
    if (fault === undefined) return;
    const kind =
      fault instanceof Error
        ? (fault.stack ?? fault.message).split('\n', 3).join().replace(/\d+/g, '#')
        : String(fault);
    const seen = (state.faults.get(kind) ?? 0) + 1;
    state.faults.set(kind, seen);
    if (seen <= mostCrashes) this.tally.crashes.push({ target: state.target.name, input, fault });
  }

  /** Counting blocks takes time: what is slow is tried again without. */
  async #faultOf(target: Target, input: Uint8Array): Promise<unknown> {
    const fault = await faultOf(target, input);
    if (!(fault instanceof Slow) || !this.#coverage) return fault;
    this.#coverage.stop();
    const alone = await faultOf(target, input);
    this.#coverage.start();
    return alone;
  }
}
