// Tries one change after the other in one process. Every module of the subject is loaded anew for each, so that nothing one change left behind
// can be taken for the work of the next; everything else is loaded once.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { runCollected } from './node-test.ts';
import type { Outcome, Progress, Task } from './task.ts';

// That a property fails is enough: nobody reads the smallest example.
fc.configureGlobal({ endOnFailure: true });

const subject = process.argv[2] ?? '';
const standIn = new URL('./node-test.ts', import.meta.url).href;
const plain = new Map<string, string>();
let current: Task = { id: 0, tests: [] };

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'node:test') return { url: standIn, shortCircuit: true };
    const found = next(specifier, context);
    const isSubject = found.url.startsWith(subject) && found.url.endsWith('.ts');
    return isSubject ? { ...found, url: `${found.url}?change=${current.id}` } : found;
  },
  load(url, context, next) {
    const [bare = '', change] = url.split('?change=');
    if (change === undefined) return next(url, context);
    return { format: 'module', source: sourceOf(fileURLToPath(bare)), shortCircuit: true };
  },
});

function sourceOf(path: string): string {
  let code = plain.get(path);
  if (code === undefined) {
    code = stripTypeScriptTypes(readFileSync(path, 'utf8'));
    plain.set(path, code);
  }
  const { change } = current;
  return change?.path === path ? code.slice(0, change.start) + change.instead + code.slice(change.end) : code;
}

async function outcomeOf(task: Task): Promise<Outcome> {
  current = task;
  const { id } = task;
  for (const [trying, { path }] of task.tests.entries()) {
    process.send?.({ id, trying } satisfies Progress);
    const where = await import(`${pathToFileURL(path).href}?change=${id}`).then(runCollected, loadFailed);
    if (where !== null) return { id, noticedBy: `${path}: ${where}` };
  }
  return { id: task.id, noticedBy: null };
}

/** What was collected before it failed is dropped. */
const loadFailed = async (error: unknown): Promise<string> => {
  await runCollected().catch(() => null);
  return `it cannot be loaded: ${error}`;
};

/** Of the change under way. */
const unwaited = new Set<number>();
process.on('unhandledRejection', () => unwaited.add(current.id));
process.on('message', async (task: Task) => {
  const outcome = await outcomeOf(task);
  process.send?.(unwaited.has(task.id) ? { id: task.id, noticedBy: 'a promise that nobody waits for fails' } : outcome);
});
process.send?.('ready');
