// Comparisons of packages/appraisal/endorsement that no test misses when they are taken out, and why that is right.
import type { Survivor } from './survivor.ts';

export const endorsement: readonly Survivor[] = [
  {
    file: 'packages/appraisal/endorsement/signature.ts',
    text: 'hash',
    instead: 'true',
    reason: 'every algorithm that is read with a scheme has a hash: for the compiler, and in case that changes',
  },
];
