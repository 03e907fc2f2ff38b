// What does a golden host teach? It is asked once: what is added is what was shown, whatever it measures meanwhile.
import type { Change, LearnRequest, LearnResult, NewReferenceValue } from '@assay/protocol';
import { addition, notGood, updateOf } from './add-values.ts';
import { type ChangeOptions, perform } from './change.ts';
import { newValueOf } from './exported.ts';
import type { openSession } from './session.ts';

type Session = Pick<ReturnType<typeof openSession>, 'reference' | 'terminal'>;

export async function learnFrom(
  { reference, terminal }: Session,
  request: LearnRequest,
  options: ChangeOptions,
): Promise<void> {
  let shown: NewReferenceValue[] = [];
  let found: LearnResult = { added: [], known: [] };
  const send = async (change: Change): Promise<LearnResult> => {
    if (!change.dry_run)
      return await reference.add({ values: shown, ...(request.next && { next: request.next }), ...change });
    const planned = await reference.learn({ ...request, ...change });
    found = planned;
    shown = planned.added.map((value) => newValueOf(value, value.content, value.source));
    return planned;
  };
  const update = await updateOf(reference, request.next);
  await perform(addition(send, options, update), options, terminal);
  notGood([found], options);
}
