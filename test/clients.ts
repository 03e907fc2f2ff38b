// How the end-to-end tests read what stock clients and guests print.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab, Outcome } from './lab.ts';

/** What a client printed; a failure of it fails the test. */
export function ok({ code, stdout, stderr }: Outcome): string {
  assert.equal(code, 0, stderr || stdout);
  return stdout;
}

const rows = (table: string): string[][] =>
  table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((text) => text.trim()),
    );

/** The value of a property in a table of properties, as `nova show` prints it. */
export function cell(table: string, property: string): string {
  const row = rows(table).find(([name]) => name === property);
  assert.ok(row, `a row ${property} in\n${table}`);
  return row[1] ?? '';
}

/** One column of a table, as `nova list` prints it. */
export function column(table: string, heading: string): string[] {
  const [headings, ...lines] = rows(table);
  if (!headings) return [];
  const at = headings.indexOf(heading);
  assert.ok(at >= 0, `a column ${heading} in\n${table}`);
  return lines.map((line) => line[at] ?? '');
}

/** Looks again until it is so: for what no event tells a client of. */
export async function until(what: string, condition: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `expected within ${limitMs / 1000} s that ${what}`);
    await delay(250);
  }
}

export type GuestConsole = { hostname: string; uuid: string; keys: string[]; lines: string[] };

/** What the guest image printed on its console, once it is ready and its user data has run. */
export async function guestOf(lab: Lab, server: string): Promise<GuestConsole> {
  let text = '';
  await until(`${server} tells its metadata`, async () => {
    text = ok(await lab.nova('console-log', server));
    return /assay-mini: ready/.test(text) && /assay-mini: user data: (none|ended|could not)/.test(text);
  });
  const lines = text.split('\n').map((line) => line.trim());
  const told = (what: string) =>
    lines.flatMap((line) => {
      const [, value] = new RegExp(`^assay-mini: ${what}: (.*)$`).exec(line) ?? [];
      return value ? [value] : [];
    });
  return {
    hostname: told('hostname')[0] ?? '',
    uuid: told('uuid')[0] ?? '',
    keys: told('ssh key [^:]+'),
    lines,
  };
}
