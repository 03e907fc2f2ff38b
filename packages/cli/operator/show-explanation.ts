// Why is a host not trusted, and what would mend it, for a person at night? What differs first, with the event that carries it, then what else speaks against
// it, then commands.
import { escaped } from '@assay/core';
import { componentName, type Difference, type Explanation, type Finding, tagsText } from '@assay/protocol';
import type { WhyAllowed } from './allowed.ts';
import { labelled, widthOf, wrapped } from './page-text.ts';
import { listed } from './show-rehearsal.ts';
import { age } from './table.ts';

type Terminal = { isTTY?: boolean; columns?: number };

/** Of files, where each looks the same but for its path. */
const mostDifferences = 20;

export function explanationText(
  { host, pool, verdict, summary, differences, findings, commands }: Explanation,
  now: Date,
  { all = false, out = process.stdout as Terminal, why = (() => 'allowed') as WhyAllowed } = {},
): string {
  const width = widthOf(out);
  const shown = all ? differences : differences.slice(0, mostDifferences);
  const unshown = differences.length - shown.length;
  const parts = [
    wrapped(escaped(headOf(host, pool, verdict.trust, summary)), width),
    ...(verdict.tags ? [wrapped(escaped(`asset tags its TPM certified: ${tagsText(verdict.tags)}`), width)] : []),
    ...shown.map((one) => differenceText(one, now, width, all)),
    ...(unshown > 0 ? [`and ${unshown} more differences (--all)`] : []),
    ...(findings.length > 0 ? [findingsText(findings, width, (one) => why(one, verdict))] : []),
    ...(commands.length > 0 ? [commandsText(commands, width)] : []),
  ];
  return parts.join('\n\n');
}

/** Once: the summary may begin so. */
const headOf = (host: string, pool: string, trust: string, summary: string): string =>
  summary.startsWith(`${host} is ${trust}`) ? summary : `${host} is ${trust} in pool ${pool}: ${summary}`;

const column = 12;

function differenceText(difference: Difference, now: Date, width: number, all: boolean): string {
  const { component, claim, text, finding, event, path, expected, seen, last_good, also_on, resembles, value } =
    difference;
  const rows: [string, string | undefined][] = [
    ['what', text],
    ['event', event && `${event.index} of the boot log: PCR ${event.pcr}, ${event.type}`],
    ['file', path],
    ['entry', finding.entry === undefined ? undefined : `${finding.entry} of IMA’s list`],
    ['expected', expected],
    ['seen', seen],
    ['resembles', resembles],
    ['value', value === undefined ? undefined : `${value} (assay reference show ${value.slice(0, 8)})`],
    [
      'last good',
      last_good === undefined ? 'never, as far as is remembered' : `${last_good} (${since(last_good, now)})`,
    ],
    ['also on', also_on.length === 0 ? 'no other host' : listed(also_on, all)],
    ['finding', finding.code],
  ];
  const heading = componentName(component) === claim ? claim : `${componentName(component)}: ${claim}`;
  return [
    escaped(heading),
    ...rows.flatMap(([label, said]) => (said === undefined ? [] : [labelled(label, escaped(said), width, column)])),
  ].join('\n');
}

const since = (instant: string, now: Date): string => {
  const ms = now.getTime() - Date.parse(instant);
  return Number.isNaN(ms) ? 'at no time' : `${age(ms)} ago`;
};

function findingsText(findings: Explanation['findings'], width: number, why: (one: Finding) => string): string {
  const one = ({ finding, meaning, remedy }: Explanation['findings'][number]) =>
    [
      wrapped(
        escaped(`${finding.code}${finding.allowed ? ` (${why(finding)})` : ''}: ${finding.message}`),
        width,
        '    ',
        '  ',
      ),
      labelled('means', escaped(meaning), width, 7, '    '),
      ...(finding.allowed ? [] : [labelled('do', escaped(remedy), width, 7, '    ')]),
    ].join('\n');
  return ['findings', ...findings.map(one)].join('\n');
}

function commandsText(commands: Explanation['commands'], width: number): string {
  // A command is not wrapped: it is there to be copied.
  const one = ({ command, effect }: Explanation['commands'][number]) =>
    `  ${escaped(command)}\n${wrapped(escaped(effect), width, '      ')}`;
  return ['what would mend it', ...commands.map(one)].join('\n');
}
