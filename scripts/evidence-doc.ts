// Which parts of docs/evidence.md are made from the code: the table of findings, and what the commands print?
//   node scripts/evidence-doc.ts          writes them
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingCatalogue } from '@assay/appraisal';
import { parseEventLog } from '@assay/measurement';
import { editLog } from '@assay/measurement/testing';
import { diff } from '../packages/cli/evidence/diff.ts';
import { show } from '../packages/cli/evidence/show.ts';
import { type TestWorld, testWorld } from '../packages/cli/evidence/testing/world.ts';

export const document = join(import.meta.dirname, '../docs/evidence.md');

const log = join(import.meta.dirname, '../test/corpus/event-logs/event-moklisttrusted.bin');

/** The log of another boot of that machine: with a word more on the kernel's command line. */
function otherBoot(): Uint8Array {
  const boot = parseEventLog(readFileSync(log));
  return editLog(boot, (frames) =>
    frames.map((frame) => {
      const text = Buffer.from(frame.data).toString('latin1').replace(/\0$/, '');
      const [, words] = /^(?:kernel_cmdline|grub_cmd): (.*\/vmlinuz.*)$/s.exec(text) ?? [];
      if (frame.pcr !== 8 || words === undefined) return frame;
      const digest = createHash('sha256').update(`${words} init=/bin/sh`).digest();
      const data = Buffer.from(`${text} init=/bin/sh\0`, 'latin1');
      return { ...frame, data, digests: frame.digests.map((one) => ({ ...one, digest })) };
    }),
  );
}

/** Lines of the longest sample. */
const longest = 80;
const widest = 118;

/** @param text of the document  @returns it with its made parts made anew */
export async function made(text: string): Promise<string> {
  const parts: Record<string, string> = {
    show: await sample('assay evidence show event-log.bin', [], (world) =>
      show([log], { all: false, json: false }, world),
    ),
    diff: await sample('assay evidence diff event-log.bin another.bin', otherBoot(), (world) =>
      diff(log, '-', { all: false, json: false }, world),
    ),
    findings: findingTable(),
  };
  return Object.entries(parts).reduce((whole, [name, part]) => {
    const [head, tail] = [`<!-- ${name}: node scripts/evidence-doc.ts -->`, `<!-- /${name} -->`];
    const [before = '', rest = ''] = whole.split(head);
    return `${before}${head}\n\n${part}\n\n${tail}${rest.split(tail)[1] ?? ''}`;
  }, text);
}

/** What a command prints into a pipe, long lines and a long table cut. */
async function sample(
  command: string,
  stdin: Uint8Array | [],
  run: (world: TestWorld) => Promise<number>,
): Promise<string> {
  const world = testWorld({ stdin: Uint8Array.from(stdin) });
  await run(world);
  const lines = world.written().replaceAll(log, 'event-log.bin').trimEnd().split('\n');
  const shown = lines.length > longest ? [...lines.slice(0, longest), '…'] : lines;
  const cut = shown.map((line) => (line.length > widest ? `${line.slice(0, widest)}…` : line));
  return [`$ ${command}`, ...cut].map((line) => `    ${line}`.trimEnd()).join('\n');
}

function findingTable(): string {
  const rows = Object.entries(findingCatalogue).map(
    ([code, { weight, meaning, remedy, allowable, allowedByDefault }]) => {
      const allowed = allowable ? `${allowedByDefault ? '**default** ' : ''}${allowable}` : '';
      return `| \`${code}\` | ${[weight, meaning, remedy, allowed].map(cell).join(' | ')} |`;
    },
  );
  return [
    '| code | weight | what it means | what to do | may be allowed, for |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

const cell = (text: string) => text.replaceAll('|', '\\|');

if (import.meta.main) writeFileSync(document, await made(readFileSync(document, 'utf8')));
