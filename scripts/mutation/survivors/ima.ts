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
  {
    file: 'packages/appraisal/ima/file-signature.ts',
    text: 'cause instanceof AssayError',
    instead: 'true',
    reason: 'nothing else is thrown; if it ever is, it is a bug that keeps its stack',
  },
  {
    file: 'packages/appraisal/ima/file-signature.ts',
    text: 'error instanceof AssayError',
    instead: 'true',
    reason: 'nothing else is thrown; if it ever is, it is a bug that keeps its stack',
  },
  {
    file: 'packages/appraisal/ima/file-signature.ts',
    text: "publicKey.type === 'ec'",
    instead: 'true',
    reason: 'TypeScript: a key of another type has no curve, and none is no known one',
  },
  {
    file: 'packages/appraisal/ima/file-signature.ts',
    text: "typeof read === 'string'",
    instead: 'false',
    reason: 'TypeScript: what could not be read names no hash, and so not that of the digest',
  },
];
