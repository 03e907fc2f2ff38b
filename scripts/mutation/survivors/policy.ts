// Comparisons of packages/appraisal/policy that no test misses when they are taken out, and why that is right.
import type { Survivor } from './survivor.ts';

export const policy: readonly Survivor[] = [
  {
    file: 'packages/appraisal/policy/check-document.ts',
    text: 'hint === undefined',
    instead: 'false',
    reason: 'TypeScript: an option that is undefined is none',
  },
  {
    file: 'packages/appraisal/policy/command-line.ts',
    text: "event.kind === 'ipl'",
    instead: 'true',
    reason: 'measurement gives this role to tagged events and labels alone',
  },
  {
    file: 'packages/appraisal/policy/command-line.ts',
    text: "event.kind === 'tagged'",
    instead: 'true',
    reason: 'measurement gives this role to tagged events and labels alone',
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
    file: 'packages/appraisal/policy/glob.ts',
    text: 'left !== 0',
    instead: 'true',
    reason: 'spares work: with no place left none is reached',
  },
  {
    file: 'packages/appraisal/policy/glob.ts',
    text: 'seen.has(i * width + j)',
    instead: 'false',
    reason: 'performance: pairs are looked at once',
  },
  {
    file: 'packages/appraisal/policy/glob.ts',
    text: 'start === this.#tokens.length',
    instead: 'false',
    reason: 'spares work: behind the last place no character fits',
  },
  {
    file: 'packages/appraisal/policy/rules/after-separator.ts',
    text: "kind === 'tagged'",
    instead: 'true',
    reason: 'narrowing: no other content has a tag',
  },
  {
    file: 'packages/appraisal/policy/rules/secure-boot.ts',
    text: "event.kind === 'variable'",
    instead: 'true',
    reason: 'narrowing: no other content has a guid and a name',
  },
  {
    file: 'packages/appraisal/policy/rules/separators.ts',
    text: "first.kind === 'separator'",
    instead: 'true',
    reason: 'narrowing: no other content says whether there was an error',
  },
  {
    file: 'packages/appraisal/policy/command-line.ts',
    text: "event.kind !== 'ipl'",
    instead: 'false',
    reason: 'narrowing: measurement gives this role to lines of GRUB alone',
  },
  {
    file: 'packages/appraisal/policy/command-line.ts',
    text: "spoken?.kind === 'ipl'",
    instead: 'true',
    reason: 'narrowing: measurement makes this claim from lines of GRUB alone',
  },
  {
    file: 'packages/appraisal/policy/command-line.ts',
    text: 'content',
    instead: 'true',
    reason: 'narrowing: measurement makes this claim from lines that have a text',
  },
  {
    file: 'packages/appraisal/policy/command-line.ts',
    text: 'content.words.length > 2 * longestBytes',
    instead: 'false',
    reason: 'performance: what is far too long is not looked at',
  },
  {
    file: 'packages/appraisal/policy/command-line.ts',
    text: 'Object.keys(digests).length > 0',
    instead: 'true',
    reason: 'in depth: what has no digest in a quoted bank is no claim',
  },
];
