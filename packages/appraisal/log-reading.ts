// What does a boot log say, and what speaks against the boot it tells of, as far as a quote over these PCRs can vouch for it? The same for
// every quote over them, so that it may be remembered. Whether a quote does vouch for it: see quote/binding.ts.
import { type Claims, claimsOf, type EventLog, phasesOf } from '@assay/measurement';
import type { Bank, Finding } from '@assay/protocol';
import type { PcrSelection } from '@assay/tpm/structures';
import { rules } from './policy/rules/catalogue.ts';
import { type QuotedEvent, quotedEvents } from './reference/learn.ts';

export type LogReading = {
  readonly log: EventLog;
  /** Of every rule, none of them allowed yet. */
  readonly findings: readonly Finding[];
  /** What the log supports when every quoted PCR is explained by it. */
  readonly claims: Claims;
  /** The measurements that will be compared with what is known good. */
  readonly events: readonly QuotedEvent[];
};

/** @param selection of the quote; to look at a log alone, every PCR in the banks it has */
export function readLog(log: EventLog, selection: PcrSelection): LogReading {
  const banks = selection.map(({ hash }) => hash as Bank);
  const isQuoted = (pcr: number) => selection.some(({ pcrs }) => pcrs.includes(pcr));
  const claims = claimsOf(log, banks, isQuoted);
  const facts = { log, selection, banks, phases: phasesOf(log.events, banks), claims };
  return { log, findings: rules.flatMap((rule) => rule.find(facts)), claims, events: quotedEvents(log, selection) };
}
