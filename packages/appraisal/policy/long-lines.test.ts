// What a host writes may be of any length and kind: twice as much may cost twice as much, not four times.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildLog,
  type EventWish,
  grub,
  labelled,
  logGuids,
  separator,
  variableData,
} from '@assay/measurement/testing';
import { scene, testPolicy } from '../testing/index.ts';
import { verifyEvidence } from '../verify-evidence.ts';
import { commandLineFindings, coveredByPolicy } from './command-line.ts';
import { kernelBytes, kernelWords, plainWords, trimmed } from './kernel-words.ts';

const [short, long] = [50_000, 200_000];
const runs = [
  ' ',
  '\t',
  '\n',
  '\ufeff',
  '\0',
  '"',
  "'",
  '\\',
  '-',
  '--a ',
  '=',
  ' a',
  '_',
  '*',
  'x',
  ' "',
  'newc:',
  '/',
];

/** Milliseconds; the better of two, others run beside it. */
function costOf(work: () => unknown): number {
  const costs = [0, 0].map(() => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...costs);
}

/** Four times the text: sixteen times the cost would be its square. */
function assertGrowsAsText(make: (length: number) => () => unknown, name: string): void {
  const [little, much] = [costOf(make(short)), costOf(make(long))];
  assert.ok(much < 9 * little + 100, `${name}: ${little.toFixed(0)} ms, then ${much.toFixed(0)} ms`);
}
const repeated = (run: string, length: number) => run.repeat(Math.ceil(length / run.length));

test('what reads the words of a line takes no longer for one run than for another', () => {
  for (const run of runs)
    for (const read of [trimmed, (line: string) => kernelWords(kernelBytes(line)), plainWords])
      assertGrowsAsText((length) => () => read(`a${repeated(run, length)}b`), `${read.name} of ${JSON.stringify(run)}`);
});

const host = scene();
const before = [0, 1, 2, 3, 4, 5, 6, 7].map(separator);
const logs: Record<string, (text: string) => EventWish[]> = {
  line: (text) => [grub(`linux /k a${text}b`), grub(`/k a${text}b`, 'kernel_cmdline')],
  command: (text) => [grub(`linux /k a${text}\ufeff`), grub('/k a', 'kernel_cmdline')],
  options: (text) => [grub(`linux ${text}/k a`), grub('/k a', 'kernel_cmdline')],
  initrd: (text) => [grub('linux /k a'), grub('/k a', 'kernel_cmdline'), grub(`initrd ${text}b`)],
  module: (text) => [grub(`multiboot /x ${text}`), grub(`module /k ${text}b`), grub('a', 'module_cmdline')],
  label: (text) => [grub('linux /k a'), labelled(9, text, 'kernel file'), grub('/k a', 'kernel_cmdline')],
  variable: (text) => [
    { pcr: 7, type: 'EV_EFI_VARIABLE_DRIVER_CONFIG', data: variableData(logGuids.global, text, Buffer.from(text)) },
  ],
  // As many lines as fit beside a command as long.
  lines: (text) => [
    grub(`linux a${repeated("'", text.length)}`),
    ...Array.from({ length: text.length / 80 }, () => grub('a', 'kernel_cmdline')),
  ],
};

test('what a boot log says costs a verdict no more than its length', () => {
  const policy = testPolicy({ command_line: { allow: ['a'], forbid: ['init=*'], require: ['quiet'] } });
  for (const [name, log] of Object.entries(logs))
    for (const run of name === 'lines' ? ['x'] : runs)
      assertGrowsAsText(
        (length) => {
          const input = host.input({ log: buildLog([...before, ...log(repeated(run, length))]) });
          return () => {
            const verification = verifyEvidence(input);
            if (!verification.authentic) return assert.fail(verification.findings[0].message);
            commandLineFindings(policy, verification);
            return verification.events.filter(coveredByPolicy(policy, verification));
          };
        },
        `${name} of ${JSON.stringify(run)}`,
      );
});
