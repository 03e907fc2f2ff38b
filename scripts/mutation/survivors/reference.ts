// Comparisons of packages/appraisal/reference that no test misses when they are taken out, and why that is right.
import type { Survivor } from './survivor.ts';

export const reference: readonly Survivor[] = [
  {
    file: 'packages/appraisal/reference/compare.ts',
    text: 'hasOthers',
    instead: 'true',
    reason: 'spares work: where all values are good no other standing finds more',
  },
  {
    file: 'packages/appraisal/reference/difference.ts',
    text: 'seen',
    instead: 'true',
    reason: 'narrowing: where nothing was seen and nothing expected, a sequence is known',
  },
  {
    file: 'packages/appraisal/reference/difference.ts',
    text: 'support',
    instead: 'true',
    reason: 'narrowing: what is good by other standings alone has a value of such a standing',
  },
  {
    file: 'packages/appraisal/reference/good-by.ts',
    text: 'banks.length === 0',
    instead: 'false',
    reason: 'in depth: where no bank is quoted there is no event and no PCR, and nothing makes a component',
  },
  {
    file: 'packages/appraisal/reference/good-by.ts',
    text: 'known',
    instead: 'false',
    reason: 'spares work: split anew for each question',
  },
  {
    file: 'packages/appraisal/reference/good-by.ts',
    text: 'until === undefined',
    instead: 'false',
    reason: 'spares work: of ways by no retired value the first stays, and no other comes with them',
  },
  {
    file: 'packages/appraisal/reference/known-good.ts',
    text: 'all',
    instead: 'false',
    reason: 'spares work: collected anew for each question',
  },
  {
    file: 'packages/appraisal/reference/known-good.ts',
    text: 'digest === undefined',
    instead: 'false',
    reason: 'narrowing: nothing is indexed under no digest',
  },
  {
    file: 'packages/appraisal/reference/known-good.ts',
    text: 'digests.length === Object.keys(event.digests).length',
    instead: 'false',
    reason: 'spares memory: a copy is equal',
  },
  {
    file: 'packages/appraisal/reference/known-good.ts',
    text: 'found',
    instead: 'false',
    reason: 'spares work: found anew for each question',
  },
  {
    file: 'packages/appraisal/reference/known-good.ts',
    text: 'known',
    instead: 'false',
    reason: 'spares work: indexed anew for each question',
  },
  {
    file: 'packages/appraisal/reference/known-good.ts',
    text: "standingOf(value, now) !== 'good'",
    instead: 'true',
    reason: 'spares work, as hasOthers in compare.ts',
  },
  {
    file: 'packages/appraisal/reference/known-good.ts',
    text: 'this.#others?.era !== era',
    instead: 'true',
    reason: 'spares work: counted anew for each question',
  },
  {
    file: 'packages/appraisal/reference/known-good.ts',
    text: "this.values.some((value) => standingOf(value, now) !== 'good')",
    instead: 'true',
    reason: 'spares work, as hasOthers in compare.ts',
  },
  {
    file: 'packages/appraisal/reference/sequence.ts',
    text: 'was',
    instead: 'true',
    reason: 'narrowing: both are of one length',
  },
  {
    file: 'packages/appraisal/reference/specification.ts',
    text: 'event.content',
    instead: 'true',
    reason: 'narrowing: nothing vouches for an event that was not read',
  },
  {
    file: 'packages/appraisal/reference/specification.ts',
    text: 'event.data.length === 4',
    instead: 'true',
    reason: 'in depth: a separator of another length is not read, and nothing vouches for it',
  },
  {
    file: 'packages/appraisal/reference/specification.ts',
    text: "event.kind !== 'action'",
    instead: 'false',
    reason: 'narrowing: EV_EFI_ACTION is of that kind alone',
  },
  {
    file: 'packages/appraisal/reference/support.ts',
    text: "standing === 'retired'",
    instead: 'true',
    reason: 'spares work: what was never retired has no time of it, and stays in order',
  },
  {
    file: 'packages/appraisal/reference/compare.ts',
    text: 'known.size >= mostAnswers',
    instead: 'true',
    reason: 'performance and memory: how many answers are kept',
  },
  {
    file: 'packages/appraisal/reference/compare.ts',
    text: 'pcrs',
    instead: 'false',
    reason: 'spares work: collected anew for each question',
  },
  {
    file: 'packages/appraisal/reference/compare.ts',
    text: 'isBySha1(one)',
    instead: 'false',
    reason: 'spares work: a list that never holds is named in vain',
  },
];
