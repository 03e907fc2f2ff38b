// Which parts of docs/evidence.md are made from the code: the table of findings, and what the commands print?
//   node scripts/evidence-doc.ts          writes them
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findingCatalogue } from '@assay/appraisal';
import { diff } from '../packages/cli/evidence/diff.ts';
import { show } from '../packages/cli/evidence/show.ts';
import { type TestWorld, testWorld } from '../packages/cli/evidence/testing/world.ts';

export const document = join(import.meta.dirname, '../docs/evidence.md');

const root = join(import.meta.dirname, '..');
const log = 'test/corpus/event-logs/event-moklisttrusted.bin';
const [before, after] = ['secure-boot', 'other-command-line'].map(
  (boot) => `test/corpus/boots/${boot}/event-log.bin`,
) as [string, string];

/** Lines of the longest sample. */
const longest = 80;
const widest = 118;

/** @param text of the document  @returns it with its made parts made anew */
export async function made(text: string): Promise<string> {
  const parts: Record<string, string> = {
    show: await sample(`assay evidence show ${log}`, (world) =>
      show([join(root, log)], { all: false, json: false }, world),
    ),
    diff: await sample(`assay evidence diff ${before} ${after}`, (world) =>
      diff(join(root, before), join(root, after), { all: false, json: false }, world),
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
async function sample(command: string, run: (world: TestWorld) => Promise<number>): Promise<string> {
  const world = testWorld();
  await run(world);
  const lines = world.written().replaceAll(`${root}/`, '').trimEnd().split('\n');
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
