// What a rule on boot logs looks at and what it answers. A new rule is one of these in rules/ and a line in rules/catalogue.ts.
import type { BootEvent, Claims, EventLog, Phases } from '@assay/measurement';
import type { Bank, Finding } from '@assay/protocol';
import type { PcrSelection } from '@assay/tpm/structures';

/** A boot log, as far as a quote over these PCRs can vouch for it; whether it does another check says. */
export type LogFacts = {
  log: EventLog;
  selection: PcrSelection;
  /** Of the selection. */
  banks: readonly Bank[];
  /** PCR 0–7: what stands before and after the separator. */
  phases: readonly Phases[];
  /** What the log supports if the quote bears it out. */
  claims: Claims;
};

export type Rule = {
  name: string;
  /** What speaks against the boot this log tells of; nothing: this rule has no objection. */
  find(facts: LogFacts): Finding[];
};

/** Whether a quote over these PCRs covers this one in any bank. */
export const isQuoted = ({ selection }: Pick<LogFacts, 'selection'>, pcr: number): boolean =>
  selection.some(({ pcrs }) => pcrs.includes(pcr));

/** `event 10 (PCR 4, EV_SEPARATOR)` */
export const eventName = ({ index, pcr, type }: Pick<BootEvent, 'index' | 'pcr' | 'type'>): string =>
  `event ${index} (PCR ${pcr}, ${type})`;

/** A hostile log breaks a rule with each of its events: so many are told. */
export const mostOfOneRule = 10;
