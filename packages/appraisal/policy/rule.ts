// What a policy rule looks at and what it answers. A new rule is one of these in rules/ and a line in rules/catalogue.ts.
import type { EventLog } from '@assay/measurement';
import type { Bank, Finding } from '@assay/protocol';
import type { Endorsement } from '../endorsement/endorsement.ts';
import type { TpmState } from '../quote/continuity.ts';
import type { Quote } from '../quote/quote.ts';
import type { Policy } from './policy.ts';

/** What is known of a host once its quote has verified; the log is bound to it by another check. */
export type Facts = {
  quote: Quote;
  tpm: TpmState;
  previous: TpmState | undefined;
  log: EventLog;
  endorsement: Endorsement;
  policy: Policy;
};

export type Rule = {
  name: string;
  /** What speaks against the host; nothing: this rule has no objection. */
  find(facts: Facts): Finding[];
};

/** Banks of the quote. */
export const banksOf = ({ quote }: Facts): Bank[] => quote.selection.map(({ hash }) => hash as Bank);

/** Whether the quote covers this PCR in any bank. */
export const isQuoted = ({ quote }: Facts, pcr: number): boolean =>
  quote.selection.some(({ pcrs }) => pcrs.includes(pcr));
