// Comparisons of packages/appraisal/endorsement that no test misses when they are taken out, and why that is right.
import type { Survivor } from './survivor.ts';

export const endorsement: readonly Survivor[] = [
  {
    file: 'packages/appraisal/endorsement/chain.ts',
    text: 'pathLength !== undefined',
    instead: 'true',
    reason: 'narrowing: no number is above undefined',
  },
  {
    file: 'packages/appraisal/endorsement/endorsement.ts',
    text: "key.type === 'ec'",
    instead: 'true',
    reason: 'narrowing: a key of another kind has no curve, and an ECC EK has one',
  },
];
