// Comparisons of packages/appraisal/policy that no test misses when they are taken out, and why that is right.
import type { Survivor } from './survivor.ts';

export const policy: readonly Survivor[] = [
  {
    file: 'packages/appraisal/policy/command-line.ts',
    text: "event.kind === 'tagged'",
    instead: 'true',
    reason: 'measurement gives this role to tagged events and labels alone',
  },
  {
    file: 'packages/appraisal/policy/command-line.ts',
    text: "event.kind === 'ipl'",
    instead: 'true',
    reason: 'measurement gives this role to tagged events and labels alone',
  },
  {
    file: 'packages/appraisal/policy/glob.ts',
    text: 'seen.has(i * width + j)',
    instead: 'false',
    reason: 'performance: pairs are looked at once',
  },
  {
    file: 'packages/appraisal/policy/glob.ts',
    text: "'char' in left",
    instead: 'true',
    reason: 'TypeScript: a star has no character; two stars move on alone as well',
  },
  {
    file: 'packages/appraisal/policy/glob.ts',
    text: "'char' in right",
    instead: 'true',
    reason: 'TypeScript: a star has no character; two stars move on alone as well',
  },
];
