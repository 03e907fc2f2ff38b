// Comparisons of packages/appraisal, of the files that stand there themselves, that no test misses when they are taken out, and why that is right.
import type { Survivor } from './survivor.ts';

export const whole: readonly Survivor[] = [
  {
    file: 'packages/appraisal/appraise.ts',
    text: 'doubts.some(isOpen)',
    instead: 'true',
    reason: 'spares work: without an open PCR nothing is changed below',
  },
  {
    file: 'packages/appraisal/appraise.ts',
    text: 'imaPart.bytes.length === state.ima?.list.offset',
    instead: 'true',
    reason: 'in depth: what was read from the beginning ends where the progress does',
  },
  {
    file: 'packages/appraisal/appraise.ts',
    text: 'one.pcr !== undefined',
    instead: 'true',
    reason: 'narrowing: every log-replay-mismatch names its PCR, and no extra has undefined',
  },
  {
    file: 'packages/appraisal/appraise.ts',
    text: 'policy',
    instead: 'true',
    reason: 'narrowing: no policy is a finding, which refuses by itself',
  },
  {
    file: 'packages/appraisal/appraise.ts',
    text: 'refused',
    instead: 'true',
    reason: 'narrowing: whatever is refused here has a finding',
  },
  {
    file: 'packages/appraisal/appraise.ts',
    text: 'state.ima.unfinished',
    instead: 'false',
    reason: 'in depth: an unfinished list has a finding that lets nothing be learnt',
  },
  {
    file: 'packages/appraisal/appraise.ts',
    text: 'verification.authentic',
    instead: 'true',
    reason: 'narrowing: evidence that is not authentic has a finding, which refuses it, and no state',
  },
  {
    file: 'packages/appraisal/component-results.ts',
    text: 'unexplained.size === 0',
    instead: 'false',
    reason: 'spares work: nothing is remembered',
  },
  {
    file: 'packages/appraisal/component-results.ts',
    text: 'unexplained.size === 0',
    instead: 'true',
    reason: 'in depth: what rests on an open PCR is unknown before it is compared',
  },
  {
    file: 'packages/appraisal/verify-evidence.ts',
    text: "unexplained === 'all'",
    instead: 'false',
    reason: 'TypeScript: without a proven PCR 10 no list explains it',
  },
  {
    file: 'packages/appraisal/verify-evidence.ts',
    text: "unexplained !== 'all'",
    instead: 'true',
    reason: 'TypeScript: where nothing is proven, nothing was quoted that could be claimed',
  },
  {
    file: 'packages/appraisal/verify-evidence.ts',
    text: "unexplained !== 'all'",
    instead: 'false',
    reason: 'spares work: the same claims are made anew',
  },
  {
    file: 'packages/appraisal/verify-evidence.ts',
    text: 'unexplained.size === 0',
    instead: 'false',
    reason: 'spares work: the same claims are made anew',
  },
];
