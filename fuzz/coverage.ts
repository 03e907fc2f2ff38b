// Which code has an input reached that none reached before it? V8's block coverage of this process, of our own files alone.
import { type Profiler, Session } from 'node:inspector';

export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
  }

  /** Blocks reached so far. */
  get blocks(): number {
    return this.#seen.size;
  }

  start(): void {
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  stop(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
  }

  /** Blocks reached since the last time that none reached before; some milliseconds. */
  fresh(): Set<string> {
    const fresh = this.reached().difference(this.#seen);
    for (const block of fresh) this.#seen.add(block);
    return fresh;
  }

  /** Blocks reached since the last time. */
  reached(): Set<string> {
    const reached = new Set<string>();
    for (const { url, functions } of this.#taken()) {
      if (!url.includes('/packages/')) continue;
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges)
          if (count > 0) reached.add(`${url}:${startOffset}-${endOffset}`);
    }
    return reached;
  }

  #taken(): readonly Profiler.ScriptCoverage[] {
    let taken: readonly Profiler.ScriptCoverage[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (!error) taken = result;
    });
    return taken; // a session of one's own process answers at once
  }
}
