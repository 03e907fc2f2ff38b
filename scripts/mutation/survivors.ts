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
];
