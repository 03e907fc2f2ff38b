// Comparisons that no test misses when they are taken out, and why that is right. What is listed and noticed by a test is no survivor: it comes off.

export type Survivor = {
  file: string;
  /** What stands there, as it stands there. */
  text: string;
  /** What it is replaced by; absent: either. */
  instead?: 'true' | 'false';
  reason: string;
};

export const survivors: readonly Survivor[] = [
  {
    file: 'packages/appraisal/appraise.ts',
    text: 'doubts.some(isOpen)',
    instead: 'true',
    reason: 'spares work: without an open PCR nothing is changed below',
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
    file: 'packages/appraisal/endorsement/signature.ts',
    text: 'hash',
    instead: 'true',
    reason: 'every algorithm that is read with a scheme has a hash: for the compiler, and in case that changes',
  },
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
    text: 'start === tokens.length',
    instead: 'false',
    reason: 'performance: the loop below comes to the same',
  },
  {
    file: 'packages/appraisal/policy/glob.ts',
    text: 'now.size > 0',
    instead: 'true',
    reason: 'performance: from no place nothing is reached',
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
  {
    file: 'packages/appraisal/reference/compare.ts',
    text: 'hasOthers',
    instead: 'true',
    reason: 'spares work: where all values are good no other standing finds more',
  },
  {
    file: 'packages/appraisal/reference/good-by.ts',
    text: 'known',
    instead: 'false',
    reason: 'spares work: split anew for each question',
  },
  {
    file: 'packages/appraisal/reference/known-good.ts',
    text: 'digest === undefined',
    instead: 'false',
    reason: 'narrowing: nothing is indexed under no digest',
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
];
