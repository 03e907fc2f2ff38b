// What does it take to change what is good: to rehearse it on the fleet, to do it, and to judge everybody anew?
import type { Switchboard } from '../rounds/switchboard.ts';
import type { FallWatch } from './fall-watch.ts';
import type { JudgingNeeds } from './recorded.ts';
import type { Turns } from './turns.ts';

export type ChangeNeeds = JudgingNeeds & {
  switchboard: Pick<Switchboard, 'attestNow'>;
  /** One change at a time. */
  turns: Turns;
  /** A change by which more of the trusted hosts than this share would lose trust wants to be forced. */
  brakePercent: number;
  /** Told of hosts whose fall somebody forced, and of what changes cost that nobody did. */
  fallWatch: Pick<FallWatch, 'excuse' | 'take' | 'taken'>;
};
