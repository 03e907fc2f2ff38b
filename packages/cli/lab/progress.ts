// How does a person see long work go on? A list that fills in on a terminal, a line for each finished step elsewhere.
import { Listr } from 'listr2';

export type Step = { title: string; task: () => Promise<unknown> };

/** Runs the steps one after the other. The first that fails ends it, with its own error. */
export async function runSteps(steps: readonly Step[], out = process.stdout): Promise<void> {
  if (out.isTTY) {
    const tasks = steps.map(({ title, task }) => ({ title, task: async () => void (await task()) }));
    const list = new Listr(tasks, {
      renderer: 'default',
      registerSignalListeners: false, // its own ends the process without a word
      rendererOptions: { showErrorMessage: false, timer: { condition: true, field: seconds, format: () => String } },
    });
    await list.run();
    return;
  }
  for (const { title, task } of steps) {
    const began = performance.now();
    await task();
    out.write(`${title}: done after ${seconds(performance.now() - began)}\n`);
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
