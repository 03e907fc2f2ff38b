// Comparisons of packages/appraisal/tags that no test misses when they are taken out, and why that is right.
import type { Survivor } from './survivor.ts';

const nothingElse = 'nothing else is thrown; if it ever is, it is a bug that keeps its stack';

export const tags: readonly Survivor[] = [
  {
    file: 'packages/appraisal/tags/certified.ts',
    text: 'error instanceof AssayError',
    instead: 'true',
    reason: nothingElse,
  },
  {
    file: 'packages/appraisal/tags/nv-proof.ts',
    text: 'error instanceof AssayError',
    instead: 'true',
    reason: nothingElse,
  },
];
