// What does a boot log say, and what about it is strange? The log alone: only a quote can say that all this was really measured.

import { AssayError } from '@assay/core';
import { type Claims, claimsOf, componentsOf, dataVouchedFor, type EventLog, replay } from '@assay/measurement';
import type { HashName } from '@assay/tpm/structures';
import { logFindings } from './log-findings.ts';
import type { PieceOf, Strange } from './piece.ts';

export type EventReport = {
  index: number;
  /** In the file, in bytes. */
  offset: number;
  pcr: number;
  /** `EV_SEPARATOR`, or `0x…`. */
  type: string;
  /** Whose measurement it is, and as what; absent when nothing is extended. */
  component?: string;
  role?: string;
  description: string;
  /** Hex, by bank. */
  digests: Record<string, string>;
  /** Of the event's data, in bytes. */
  data_size: number;
  /** True: the data hashes to the digest in every bank. Absent: the digest is of something that is not in the log. */
  data_matches?: boolean;
  /** Codes of what is strange about it. */
  strange: string[];
};

export type BootLogReport = {
  kind: 'boot-log';
  name: string;
  bytes: number;
  format: EventLog['format'];
  banks: string[];
  startup_locality: number;
  /** What was booted, from events whose digest vouches for their data. Numbers of events with each. */
  claims: Claims;
  /** Bank, then PCR: the value the log replays to, hex. A bank in which an event has no digest is absent. */
  pcrs: Record<string, Record<string, string>>;
  events: EventReport[];
  strange: Strange[];
};

export async function bootLogReport({ name, bytes, log }: PieceOf<'boot-log'>): Promise<BootLogReport> {
  const banks = banksOf(log);
  const replayed = replays(log, banks);
  const malformed = log.events.flatMap(({ index, offset, pcr, type, problem }): Strange[] =>
    problem
      ? [
          {
            code: 'event-malformed',
            message: `event ${index} (PCR ${pcr}, ${type}): ${problem}`,
            event: index,
            offset,
            pcr,
          },
        ]
      : [],
  );
  const strange = [...(await logFindings(log, replayed.usable)), ...replayed.strange, ...malformed];
  strange.sort((a, b) => (a.offset ?? Infinity) - (b.offset ?? Infinity));
  return {
    kind: 'boot-log',
    name,
    bytes: bytes.length,
    format: log.format,
    banks,
    startup_locality: log.startupLocality,
    claims: claimsOf(log, replayed.usable),
    pcrs: replayed.pcrs,
    events: eventReports(log, replayed.usable, strange),
    strange,
  };
}

/** Banks the log has digests for and we have a hash function for. */
const banksOf = ({ algorithms }: EventLog): HashName[] => [
  ...new Set(algorithms.flatMap(({ name }) => (name ? [name] : []))),
];

function replays(log: EventLog, banks: readonly HashName[]) {
  const pcrs: BootLogReport['pcrs'] = {};
  const strange: Strange[] = [];
  const failed = new Map<HashName, AssayError>();
  for (const bank of banks)
    try {
      const values = [...replay(log.events, bank, log.startupLocality)].sort(([a], [b]) => a - b);
      pcrs[bank] = Object.fromEntries(values.map(([pcr, value]) => [pcr, value.toHex()]));
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      failed.set(bank, error);
    }
  const proving = banks.filter((bank) => pcrs[bank] && bank !== 'sha1');
  for (const [bank, { code, message }] of failed)
    if (proving.length > 0 && log.events.every(({ kind, digests }) => kind === 'no-action' || !digests[bank]))
      strange.push({
        code,
        message: `no event has a digest of bank ${bank}: ${proving.join(', ')} proves it`,
        usual: true,
      });
    else strange.push({ code, message: `bank ${bank} proves nothing: ${message}` });
  return { pcrs, strange, usable: banks.filter((bank) => pcrs[bank]) };
}

function eventReports(log: EventLog, banks: readonly HashName[], strange: readonly Strange[]): EventReport[] {
  const parts = new Map(componentsOf(log.events).map(({ event, component, role }) => [event, { component, role }]));
  const codes = Map.groupBy(strange, ({ event }) => event);
  return log.events.map((event) => {
    const vouched = banks.map((bank) => dataVouchedFor(event, bank));
    const matches = vouched.every((each) => each === undefined) ? undefined : vouched.every((each) => each === true);
    return {
      index: event.index,
      offset: event.offset,
      pcr: event.pcr,
      type: event.type,
      ...parts.get(event),
      description: event.description,
      digests: Object.fromEntries(Object.entries(event.digests).map(([bank, digest]) => [bank, digest.toHex()])),
      data_size: event.data.length,
      ...(matches !== undefined && event.kind !== 'no-action' && { data_matches: matches }),
      strange: (codes.get(event.index) ?? []).map(({ code }) => code),
    };
  });
}
