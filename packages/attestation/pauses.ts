// Long work lets everybody else have a turn.
import { setImmediate } from 'node:timers/promises';

/** How long others may have to wait for this work. */
const mostMsAtOnce = 8;

/** Asked between any two pieces of the work: waits, when it is time. */
export type Pause = () => Promise<void>;

export function pauses(): Pause {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < mostMsAtOnce) return;
    await setImmediate();
    began = performance.now();
  };
}
