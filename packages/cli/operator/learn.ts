// What does a golden host teach? Shown first; what it shows the second time has to be what was shown.
import type { LearnRequest, LearnResult } from '@assay/protocol';
import { addition } from './add-values.ts';
import { type ChangeOptions, perform } from './change.ts';
import type { openSession } from './session.ts';
import { shortId } from './show-reference.ts';

type Session = Pick<ReturnType<typeof openSession>, 'reference' | 'terminal'>;

export async function learnFrom(
  { reference, terminal }: Session,
  request: LearnRequest,
  options: ChangeOptions,
): Promise<void> {
  const shown = new Set<string>();
  const steps = addition((change) => reference.learn({ ...request, ...change }), options.all === true);
  const plan = (result: LearnResult) => {
    for (const { id } of result.added) shown.add(id);
    return steps.plan(result);
  };
  const learnt = await perform({ ...steps, plan }, options, terminal);
  // The host is asked each time: between the two it may have measured another thing.
  const others = learnt?.added.filter(({ id }) => !shown.has(id)) ?? [];
  if (others.length > 0)
    terminal.note(
      `${request.host} showed something else the second time, which is good now: look at it with assay reference show ${others.map(({ id }) => shortId(id)).join(', ')}`,
    );
}
