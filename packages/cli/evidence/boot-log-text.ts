// A boot log for a person: first what was booted, then the PCRs it leads to, every event, and what is strange.
import type { Claim, Claims, KeyEntry, MeasuredThing } from '@assay/measurement';
import type { BootLogReport, EventReport } from './boot-log.ts';
import type { Block, TableRow } from './page.ts';
import { pcrTable } from './pcr-values.ts';
import type { Strange } from './piece.ts';
import { markOf, strangeBlocks, strangeness } from './strange.ts';

/** Shown of a long list, unless all of it is asked for. */
const mostEvents = 400;
const longestDescription = 240;

type Facts = [string, string | readonly string[]][];

/** @param all whether long lists and all digests are shown */
export async function* bootLogBlocks(report: BootLogReport, all: boolean): AsyncGenerator<Block> {
  const { name, events, bytes, format, banks, startup_locality: locality } = report;
  yield { heading: `${name}: boot log` };
  const kind =
    format === 'sha1' ? 'format of TPM 1.2, SHA-1 alone' : `banks ${banks.join(', ') || 'none that is known'}`;
  yield {
    facts: [
      ['size', `${events.length} events, ${bytes} bytes, ${kind}`],
      ...(locality ? [['locality', `the TPM was started from locality ${locality}`] as [string, string]] : []),
      ['strange', strangeness(report.strange)],
    ],
  };
  yield { heading: 'What was booted' };
  yield { facts: claimFacts(report, all) };
  yield {
    note: 'Digests are what was measured. Names and paths of images and files are only what the log calls them.',
  };
  for (const [bank, values] of Object.entries(report.pcrs)) {
    yield { heading: `PCRs the log leads to, ${bank}` };
    yield pcrTable(values);
  }
  yield { heading: 'Events' };
  yield eventTable(report, all);
  if (!all && events.length > mostEvents) yield { text: `${events.length - mostEvents} more events: --all shows them` };
  yield* strangeBlocks(report.strange, all);
}

/** The bank whose digests are shown: the one most used. */
const shownBank = (banks: Record<string, unknown>): string | undefined =>
  ['sha256', 'sha384', 'sha512', 'sha1'].find((bank) => banks[bank] !== undefined) ?? Object.keys(banks)[0];

function claimFacts({ claims, events }: BootLogReport, all: boolean): Facts {
  const facts: Facts = [
    ['firmware', firmwareLines(claims, all)],
    ['secure boot', claims.secureBoot?.value ?? 'not known'],
    ...Object.entries(claims.secureBootKeys).map(([name, { value }]): Facts[0] => [name, keyLines(value, all)]),
    ['vouched for by', claims.authorities.map(({ value }) => value.name)],
    ['SBAT level', claims.sbatLevel?.value.split('\\u{a}').filter(Boolean) ?? []],
    ['boot loader', things(claims.bootLoader)],
    ['hypervisor', things(claims.hypervisor)],
    ['kernel', things(claims.kernel)],
    ['command line', claims.commandLine ? [claims.commandLine.value] : []],
    ['… as measured', things(claims.loadOptions)],
    ['initrd', things(claims.initrd)],
    ['unified image', things(claims.operatingSystem)],
    ['not known', claims.withheld.map((one) => `${inWords(one.claim)}: ${one.reason}${eventsOf(one.events)}`)],
  ];
  const kept = facts.filter(([, value]) => value.length > 0);
  return events.length > 0 ? kept : [['nothing', 'the log is empty']];
}

/** `bootLoader` → `boot loader` */
const inWords = (claim: string) => claim.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const eventsOf = (events: readonly number[]) =>
  events.length === 0
    ? ''
    : ` (event${events.length > 1 ? 's' : ''} ${events.slice(0, 8).join(', ')}${events.length > 8 ? ', …' : ''})`;

function firmwareLines({ firmwareVersion, firmware }: Claims, all: boolean): string[] {
  const version = firmwareVersion ? `version ${firmwareVersion.value || 'not given'}` : 'version not known';
  if (firmware.length > 4 && !all)
    return [version, `${firmware.length} parts (drivers and option ROMs among them); --all names them`];
  return [version, ...things(firmware)];
}

/** What was measured twice, in one line. */
const things = (claims: readonly Claim<MeasuredThing>[]): string[] =>
  [...Map.groupBy(claims, ({ value }) => thingText(value))].map(([text, { length }]) =>
    length > 1 ? `${text} (${length} times)` : text,
  );

function thingText({ digests, name, role }: MeasuredThing): string {
  const bank = shownBank(digests);
  const what = name || `${role} without a path`;
  return bank ? `${what}, ${bank} ${digests[bank as keyof typeof digests]}` : what;
}

/** Certificates by name, hashes by number: dbx has hundreds. */
function keyLines(entries: readonly KeyEntry[], all: boolean): string[] {
  if (entries.length === 0) return ['empty'];
  const certificates = entries.filter(({ type }) => type === 'x509').map(({ name }) => name);
  const others = entries.filter(({ type }) => type !== 'x509');
  if (all) return [...certificates, ...others.map(({ type, name }) => `${type} ${name}`)];
  const kinds = [...Map.groupBy(others, ({ type }) => type)].map(([type, { length }]) => `${length} of ${type}`);
  return [...certificates, ...kinds];
}

function eventTable({ events, pcrs, strange }: BootLogReport, all: boolean): Block {
  const bank = shownBank(pcrs) ?? shownBank(events.at(-1)?.digests ?? {}) ?? '';
  const types = Math.max(4, ...events.slice(0, mostEvents).map(({ type }) => type.length));
  return {
    columns: [
      { head: '#', width: 4, right: true },
      { head: 'PCR', width: 3, right: true },
      { head: 'TYPE', width: types },
      { head: bank.toUpperCase() || 'DIGEST', width: 8 },
      { head: 'WHAT', width: 0 },
    ],
    rows: rowsOf(all ? events : events.slice(0, mostEvents), bank, all, marksOf(strange)),
  };
}

const marksOf = (strange: readonly Strange[]) =>
  new Map([...Map.groupBy(strange, ({ event }) => event)].map(([event, ones]) => [event, markOf(ones)]));

function* rowsOf(
  events: readonly EventReport[],
  bank: string,
  all: boolean,
  marks: ReturnType<typeof marksOf>,
): Generator<TableRow> {
  for (const { index, pcr, type, digests, description } of events) {
    const what =
      all || description.length <= longestDescription ? description : `${description.slice(0, longestDescription)}…`;
    const cells = [`${index}`, pcr > 999 ? '–' : `${pcr}`, type, (digests[bank] ?? '').slice(0, 8), what];
    yield { mark: marks.get(index), cells };
    if (all)
      for (const [name, digest] of Object.entries(digests)) yield { cells: ['', '', '', '', `${name} ${digest}`] };
  }
}
