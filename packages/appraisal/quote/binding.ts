// Does the boot log say what the TPM signed? The log's replay must give the quoted digest; the values the host read help to
// name the PCR that differs. A log bound to a quote is complete and in order for these PCRs; what it says in words is not.
import { timingSafeEqual } from 'node:crypto';
import { AssayError } from '@assay/core';
import { type BootEvent, componentOfPcr, componentsOf, type EventLog, replay, untouchedPcr } from '@assay/measurement';
import type { ClaimedEvidence, Component, Finding } from '@assay/protocol';
import { digestSize, type HashName, type PcrBanks, pcrDigest } from '@assay/tpm/structures';
import { finding, findingOf } from '../findings/finding.ts';
import type { Quote } from './quote.ts';

type ClaimedValues = NonNullable<ClaimedEvidence['pcr_values']>;

export type Binding = {
  findings: Finding[];
  /** Quoted PCRs the log does not explain. `all`: the digest does not match, so none is. */
  unexplained: ReadonlySet<number> | 'all';
  /** Values of the quoted PCRs that hash to the quoted digest: those that were sent, or the log's where none were. Else none. */
  proven: PcrBanks;
};

/** @param claimed values the host says it read of the quoted PCRs; undefined: it sent none */
export function bindLog(quote: Quote, log: EventLog, claimed: ClaimedValues | undefined): Binding {
  let replayed: PcrBanks;
  try {
    replayed = replayedValues(quote, log);
  } catch (error) {
    return { findings: [findingOf(error)], unexplained: 'all', proven: {} };
  }
  if (!claimed)
    return digestMatches(quote, replayed)
      ? { findings: [], unexplained: new Set(), proven: replayed }
      : noMatch('the boot log replays to', quote, replayed);
  let sent: PcrBanks;
  try {
    sent = claimedValues(claimed);
  } catch (error) {
    return { findings: [findingOf(error)], unexplained: 'all', proven: {} };
  }
  if (!digestMatches(quote, sent)) return noMatch('the PCR values sent give', quote, sent);
  return compare(quote, log, quotedOf(quote, sent), replayed);
}

function compare(quote: Quote, log: EventLog, proven: PcrBanks, replayed: PcrBanks): Binding {
  const unexplained = new Set<number>();
  const findings: Finding[] = [];
  for (const { hash: bank, pcrs } of quote.selection)
    for (const pcr of pcrs) {
      const [held, logged] = [proven[bank]?.get(pcr)?.toHex(), replayed[bank]?.get(pcr)?.toHex()];
      if (held === logged) continue;
      unexplained.add(pcr);
      const where = `PCR ${pcr} (${bank}) holds what its boot log does not explain`;
      const expected = `${logged}, to which the log replays`;
      findings.push(
        finding('log-replay-mismatch', where, expected, held ?? 'none', { pcr, component: owner(log, pcr) }),
      );
    }
  return { findings, unexplained, proven };
}

/** Values sent of PCRs the quote does not cover prove nothing. */
function quotedOf({ selection }: Quote, sent: PcrBanks): PcrBanks {
  const of = (bank: HashName, pcrs: readonly number[]) =>
    new Map([...(sent[bank] ?? [])].filter(([pcr]) => pcrs.includes(pcr)));
  return Object.fromEntries(selection.map(({ hash: bank, pcrs }) => [bank, of(bank, pcrs)]));
}

/** Whose PCR this is: of the last that was measured into it, firmware's own marks in PCR 4 apart. */
function owner(log: EventLog, pcr: number): Component {
  const parts = componentsOf(log.events).filter(({ event }) => event.pcr === pcr);
  return (parts.findLast(({ component }) => component !== 'firmware') ?? parts[0])?.component ?? componentOfPcr(pcr);
}

/** By log, then by bank and PCRs: many hosts, round after round, come with a log that was read before. */
const replays = new WeakMap<EventLog, Map<string, PcrBanks>>();

/** Every selected PCR has a value: of one that no event extends, what it starts with. @throws AssayError `log-no-digest` */
function replayedValues({ selection }: Quote, log: EventLog): PcrBanks {
  const known = replays.get(log) ?? new Map<string, PcrBanks>();
  replays.set(log, known);
  const name = selection.map(({ hash, pcrs }) => `${hash}:${pcrs.join()}`).join('+');
  const found = known.get(name);
  if (found) return found;
  const values: { [H in HashName]?: Map<number, Uint8Array> } = {};
  for (const { hash: bank, pcrs } of selection) {
    const events = log.events.filter((event: BootEvent) => pcrs.includes(event.pcr));
    const replayed = replay(events, bank, log.startupLocality);
    const untouched = (pcr: number) => untouchedPcr(pcr, digestSize(bank), log.startupLocality);
    values[bank] = new Map(pcrs.map((pcr) => [pcr, replayed.get(pcr) ?? untouched(pcr)]));
  }
  known.set(name, values); // one for each selection ever asked for: the server's own, not the host's
  return values;
}

/** @throws AssayError `pcr-values` for a value of another length than its bank has, or two values of one PCR */
function claimedValues(claimed: ClaimedValues): PcrBanks {
  const values: { [H in HashName]?: Map<number, Uint8Array> } = {};
  for (const { bank, pcr, value } of claimed) {
    const of = values[bank] ?? new Map<number, Uint8Array>();
    values[bank] = of;
    const where = `evidence.pcr_values, PCR ${pcr} (${bank})`;
    if (value.length !== 2 * digestSize(bank))
      throw new AssayError('pcr-values', where, `${digestSize(bank)} bytes`, value.length / 2);
    if (of.has(pcr)) throw new AssayError('pcr-values', where, 'one value', 'two');
    of.set(pcr, Buffer.from(value, 'hex'));
  }
  return values;
}

function digestMatches(quote: Quote, values: PcrBanks): boolean {
  const digest = digestOf(quote, values);
  return digest !== undefined && digest.length === quote.pcrDigest.length && timingSafeEqual(digest, quote.pcrDigest);
}

/** Undefined when a selected PCR has no value. */
function digestOf(quote: Quote, values: PcrBanks): Uint8Array | undefined {
  if (quote.selection.some(({ hash, pcrs }) => pcrs.some((pcr) => !values[hash]?.has(pcr)))) return undefined;
  return pcrDigest(quote.selection, values, quote.hash);
}

function noMatch(what: string, quote: Quote, values: PcrBanks): Binding {
  const digest = digestOf(quote, values);
  const seen = digest ? digest.toHex() : 'no value of a quoted PCR';
  const mismatch = finding(
    'pcr-digest-mismatch',
    `TPMS_ATTEST.pcrDigest`,
    quote.pcrDigest.toHex(),
    `${seen} (${what} it)`,
  );
  return { findings: [mismatch], unexplained: 'all', proven: {} };
}
