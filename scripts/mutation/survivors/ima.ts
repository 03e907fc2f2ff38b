// Comparisons of packages/appraisal/ima that no test misses when they are taken out, and why that is right.
import type { Survivor } from './survivor.ts';

export const ima: readonly Survivor[] = [
  {
    file: 'packages/appraisal/ima/ecdsa.ts',
    text: 'r >= n',
    instead: 'false',
    reason: 'FIPS 186-5 asks for it; what comes out is below n and has to equal r',
  },
  {
    file: 'packages/appraisal/ima/ecdsa.ts',
    text: 'a.x === b.x',
    instead: 'false',
    reason: 'without it the sum is some number; only who has the key can make the two points meet',
  },
  {
    file: 'packages/appraisal/ima/entry-findings.ts',
    text: 'entry',
    instead: 'true',
    reason: 'TypeScript: a finding points at a whole entry',
  },
  {
    file: 'packages/appraisal/ima/entry-findings.ts',
    text: "'fields' in entry",
    instead: 'true',
    reason: 'TypeScript: what has no fields has no path',
  },
  {
    file: 'packages/appraisal/ima/file-basis.ts',
    text: 'known?.era !== era',
    instead: 'true',
    reason: 'performance: the name is made anew',
  },
  {
    file: 'packages/appraisal/ima/file-basis.ts',
    text: 'judges.size <= mostJudges',
    reason: 'performance and memory: how many judges are kept',
  },
];
