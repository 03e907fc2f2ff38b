// Comparisons of packages/appraisal/quote that no test misses when they are taken out, and why that is right.
import type { Survivor } from './survivor.ts';

export const quote: readonly Survivor[] = [
  {
    file: 'packages/appraisal/quote/ak.ts',
    text: 'fit.size >= mostKept',
    instead: 'false',
    reason: 'memory: how many keys are kept; it takes 20 000 of them to see',
  },
  {
    file: 'packages/appraisal/quote/attested.ts',
    text: 'cause instanceof AssayError',
    instead: 'true',
    reason: 'nothing else is thrown; if it ever is, it is a bug that keeps its stack',
  },
  {
    file: 'packages/appraisal/quote/binding.ts',
    text: 'found',
    instead: 'false',
    reason: 'spares work: replayed anew for each quote',
  },
];
