// Comparisons of packages/appraisal/quote that no test misses when they are taken out, and why that is right.
import type { Survivor } from './survivor.ts';

export const quote: readonly Survivor[] = [];
