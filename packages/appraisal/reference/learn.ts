// What does a golden host teach? The measurements of each component, in order, of evidence that verified.
import { AssayError } from '@assay/core';
import { type Attribution, componentsOf, type EventLog } from '@assay/measurement';
import { components, type ReferenceEvent, type ReferenceValue } from '@assay/protocol';
import type { PcrSelection } from '@assay/tpm/structures';
import { hex } from '../findings.ts';

/** One for each component, in the order of `components`; no events: none measured, which is a value too. */
export type Measured = readonly Pick<ReferenceValue, 'component' | 'events'>[];

/** A measurement that a quote vouches for, as part of its component. */
export type QuotedEvent = Attribution & { reference: ReferenceEvent };

/** The events of a log that the quote covers, in log order; no other event may support a claim. */
export const quotedEvents = (log: EventLog, selection: PcrSelection): QuotedEvent[] =>
  componentsOf(log.events)
    .filter(({ event }) => selection.some(({ pcrs }) => pcrs.includes(event.pcr)))
    .map((part) => ({ ...part, reference: referenceEvent(part) }));

const referenceEvent = ({ event, role }: Attribution): ReferenceEvent => ({
  pcr: event.pcr,
  type: event.type,
  digests: Object.fromEntries(Object.entries(event.digests).map(([bank, digest]) => [bank, hex(digest)])),
  description: role === event.description ? role : `${role}: ${event.description}`,
});

export const measuredOf = (events: readonly QuotedEvent[]): Measured =>
  components.map((component) => ({
    component,
    events: events.filter((part) => part.component === component).map(({ reference }) => reference),
  }));

/**
 * What `assay reference learn` adds.
 * @param appraisal of the golden host's evidence; it need not be trusted yet, but its evidence must hold
 * @throws AssayError `reference-not-verified`
 */
export function referenceFrom({
  verdict,
  measured,
}: {
  verdict: { host: string; reason: string };
  measured: Measured | undefined;
}): Measured {
  if (measured) return measured;
  throw new AssayError('reference-not-verified', `host ${verdict.host}`, 'evidence that verifies', verdict.reason, {
    hint: 'nothing was learnt',
  });
}
