// Processes that try changes, as many as there are processors. One that hangs is ended, and that is noticed as well; one that has tried enough makes room for
// a new one, because modules that were loaded are never forgotten.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Outcome, Progress, Task } from './task.ts';

const program = fileURLToPath(new URL('./worker.ts', import.meta.url));
const mostTasks = 80;

/** @param subject URL of the folder whose modules are loaded anew for each task */
export async function tryAll(subject: string, tasks: readonly Task[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const work = async () => {
    let worker: ChildProcess | undefined;
    let tried = 0;
    for (let task = tasks[next++]; task; task = tasks[next++]) {
      worker ??= await start(subject);
      const outcome = await outcomeOf(worker, task);
      outcomes.push(outcome ?? { id: task.id, noticedBy: 'it does not end' });
      if (outcome && ++tried < mostTasks) continue;
      worker.kill('SIGKILL');
      [worker, tried] = [undefined, 0];
    }
    worker?.kill('SIGKILL');
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return outcomes;
}

async function start(subject: string): Promise<ChildProcess> {
  const execArgv = ['--disable-warning=ExperimentalWarning'];
  const worker = fork(program, [subject], { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(worker, 'message');
  return worker;
}

/** Undefined: it hangs, or has ended. */
async function outcomeOf(worker: ChildProcess, { id, tests, ...task }: Task): Promise<Outcome | undefined> {
  const { promise, resolve } = Promise.withResolvers<Outcome | undefined>();
  let timer: NodeJS.Timeout | undefined;
  const give = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => resolve(undefined), ms);
  };
  const heard = (message: Outcome | Progress) => {
    if (message.id !== id) return;
    if ('trying' in message) give(tests[message.trying]?.mostMs ?? 0);
    else resolve(message);
  };
  const ended = () => resolve(undefined);
  worker.on('message', heard).once('exit', ended);
  worker.send({ id, tests, ...task } satisfies Task);
  const outcome = await promise;
  clearTimeout(timer);
  worker.off('message', heard).off('exit', ended);
  return outcome;
}
