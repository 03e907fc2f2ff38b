// The plan is carried out, one thing after another; what the new server refuses is told with its words, and the rest goes on.
import { AssayError } from '@assay/core';
import { Reported } from '../../reported.ts';
import type { Step } from './plan.ts';

export type Moved = Omit<Step, 'act' | 'send'> & {
  outcome: 'moved' | 'would move' | 'there already' | 'conflict' | 'refused';
};
export type Send = (path: string, body: unknown) => Promise<unknown>;

/** @param send absent: a dry run */
export async function carryOut(steps: readonly Step[], send: Send | undefined): Promise<Moved[]> {
  const moved: Moved[] = [];
  for (const { act, send: what, ...step } of steps)
    moved.push({ ...step, ...(await outcomeOf(act, what, send, step.why)) });
  return moved;
}

type Outcome = Pick<Moved, 'outcome' | 'why'>;

async function outcomeOf(
  act: Step['act'],
  what: Step['send'],
  send: Send | undefined,
  why: string | undefined,
): Promise<Outcome> {
  const note = why === undefined ? {} : { why };
  if (act === 'there') return { outcome: 'there already', ...note };
  if (act === 'conflict') return { outcome: 'conflict', ...note };
  if (act === 'refuse' || !what) return { outcome: 'refused', ...note };
  if (!send) return { outcome: 'would move', ...note };
  try {
    const answer = await send(what.path, what.body);
    if (answer === true) return { outcome: 'moved', ...note };
    return { outcome: 'refused', why: new AssayError('cli-answer', what.path, 'true', answer).message };
  } catch (error) {
    // Only what it says of this one thing: that nobody answers any more ends it all.
    if (!(error instanceof Reported)) throw error;
    return { outcome: 'refused', why: error.message };
  }
}
