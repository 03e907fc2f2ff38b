// What does the known-good database say, for a person? Lists shorten digests; one value alone is shown whole.
import { escaped } from '@assay/core';
import {
  componentName,
  type NewReferenceValue,
  type ReferenceContent,
  type ReferenceSummary,
  type ReferenceValue,
} from '@assay/protocol';
import { replacesText } from './replacing.ts';
import { counted, listed } from './show-rehearsal.ts';
import { type Terminal, table } from './table.ts';
import { minute, nameOf, shortId } from './value-names.ts';

/** Of a digest, in lists. */
export const shortDigest = (digest: string): string => (digest.length > 16 ? `${digest.slice(0, 12)}…` : digest);

/** Lines of one value, unless all are asked for. */
const mostLines = 12;

type Value = ReferenceValue | NewReferenceValue;

/** @param out a narrow one shows what tells values apart, and who needs them */
export const valueTable = (values: readonly ReferenceSummary[], out: Terminal = process.stdout): string =>
  values.length === 0
    ? 'none: assay reference learn HOST, assay reference import-package FILE'
    : table(
        ['id', 'component', 'name version', 'form', 'count', 'state', 'window', 'hosts', 'source', 'added'],
        values.map((value) => [
          shortId(value.id),
          componentName(value.component),
          nameOf(value) || '-',
          value.form,
          value.count,
          value.state,
          windowOf(value) || '-',
          value.hosts.length,
          escaped(`${value.source.kind} ${value.source.name}`),
          minute(value.added_at),
        ]),
        out,
        ['added', 'source', 'form', 'count', 'window'],
      );

/** Everything about one value. @param there values that are there: names of those it is to replace */
export function valueDetails(
  { content, ...value }: ReferenceSummary,
  all = false,
  there: readonly ReferenceSummary[] = [],
): string {
  const { id, component, vendor, state, source, by, because, added_at } = value;
  const replaced = replacesText(value, there, all);
  const { retired_at, retired_because } = value;
  const lines: [string, string][] = [
    ['id', id],
    ['component', componentName(component)],
    ['name', nameOf(value) || '-'],
    ...(vendor === undefined ? [] : [['vendor', vendor] satisfies [string, string]]),
    ['form', `${value.form}, ${counted(value.count, nounOf(value.form))}`],
    ['state', state],
    ...(windowOf(value) ? [['window', windowOf(value)] satisfies [string, string]] : []),
    ...(replaced ? [['update', replaced] satisfies [string, string]] : []),
    ...(retired_at === undefined
      ? []
      : [['retired', retired_because ? `${retired_at}: ${retired_because}` : retired_at] satisfies [string, string]]),
    ['source', `${source.kind} ${source.name}${source.sha256 ? ` (sha256 ${source.sha256})` : ''}`],
    ['added', `${added_at} by ${by}`],
    ...(because === undefined ? [] : [['because', because] satisfies [string, string]]),
    ['hosts', usersText(value, all)],
  ];
  const head = lines.map(([label, text]) => `${label.padEnd(10)} ${escaped(text)}`).join('\n');
  const things = content ? contentLines(content, all ? Number.POSITIVE_INFINITY : 200, true) : [];
  return things.length > 0 ? `${head}\n\n${things.join('\n')}` : head;
}

/** Who rests on it, and who did when it was last heard. */
function usersText(
  { hosts, hosts_last_heard: past = [] }: Pick<ReferenceSummary, 'hosts' | 'hosts_last_heard'>,
  all = false,
) {
  const present = hosts.length === 0 ? 'no present verdict rests on it' : listed(hosts, all);
  return past.length === 0 ? present : `${present}; resting on it when last heard: ${listed(past, all)}`;
}

/** What would be added, or was. @param verb `would add` */
export const valuesText = (verb: string, values: readonly Value[], all = false): string =>
  values
    .map((value) => {
      const { component, content, source } = value;
      const count = countOf(content);
      const name = nameOf(value);
      const head = [
        `${verb} ${componentName(component)}: ${name ? `${name}, ` : ''}${counted(count, nounOf(content.form))}`,
        ` in the form ${content.form}, from ${escaped(`${source.kind} ${source.name}`)}`,
        'state' in value && value.state !== 'current' ? `, as ${value.state}${until(value)}` : '',
        'id' in value ? ` (${shortId(value.id)})` : '',
      ].join('');
      return [head, ...contentLines(content, all ? Number.POSITIVE_INFINITY : mostLines, all)].join('\n');
    })
    .join('\n');

const until = (value: ReferenceValue): string => (windowOf(value) ? ` ${windowOf(value)}` : '');

/** An allow list has hundreds of thousands of rows: too many for arguments. */
const longest = (cells: readonly string[][], at: number): number =>
  cells.reduce((most, row) => Math.max(most, (row[at] ?? '').length), 0);

/** A line for each thing that is good. */
export function contentLines(content: ReferenceContent, most: number, whole: boolean): string[] {
  const digest = whole ? (text: string) => text : shortDigest;
  const digests = (by: Record<string, string>) =>
    Object.entries(by)
      .map(([algorithm, value]) => `${algorithm} ${digest(value)}`)
      .join(' ');
  const rows = (): string[][] => {
    switch (content.form) {
      case 'sequence':
        return content.events
          .slice(0, most)
          .map((event) => [`PCR ${event.pcr}`, event.type, digests(event.digests), event.description]);
      case 'measurements':
        return content.measurements.slice(0, most).map((one) => [one.claim, digests(one.digests), one.description]);
      case 'pcr-values':
        return content.values.slice(0, most).map(({ bank, pcr, value }) => [`PCR ${pcr}`, `${bank} ${digest(value)}`]);
      case 'files':
        return content.files.slice(0, most).map((file) => [digests(file.digests), file.path]);
    }
  };
  const cells = rows().map((row) => row.map((cell) => escaped(cell)));
  const widths = (cells[0] ?? []).map((_, at) => Math.min(48, longest(cells, at)));
  const lines = cells.map((row) => `    ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd());
  const more = countOf(content) - lines.length;
  return more > 0 ? [...lines, `    and ${more} more (--all)`] : lines;
}

export function countOf(content: ReferenceContent): number {
  switch (content.form) {
    case 'sequence':
      return content.events.length;
    case 'measurements':
      return content.measurements.length;
    case 'pcr-values':
      return content.values.length;
    case 'files':
      return content.files.length;
  }
}

/** What the content of a form is counted in. */
const nounOf = (form: string): string =>
  ({ sequence: 'measurement', measurements: 'single measurement', 'pcr-values': 'PCR value', files: 'file' })[form] ??
  'entry';

/** Of a `next`: from when it is good, and when it becomes current. */
function windowOf({ state, from, until, retired_at }: Partial<ReferenceValue>): string {
  if (state === 'retired') return retired_at ? `since ${minute(retired_at)}` : '';
  return [from ? `from ${minute(from)}` : '', until ? `until ${minute(until)}` : ''].filter(Boolean).join(' ');
}
