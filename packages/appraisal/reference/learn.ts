// What does a golden host teach? The measurements of each component, in order, of evidence that verified.
import { AssayError } from '@assay/core';
import {
  type Attribution,
  type BootEvent,
  claimNameOf,
  componentsOf,
  type EventLog,
  type ImaPart,
} from '@assay/measurement';
import { type Bank, components, type ReferenceContent, type ReferenceEvent } from '@assay/protocol';
import type { PcrSelection } from '@assay/tpm/structures';
import { banksOfPcr, isCovered } from './coverage.ts';
import { filesOf } from './learn-files.ts';

type Taught = Extract<ReferenceContent, { form: 'sequence' | 'files' }>;
/**
 * A sequence for each component that the quote covers, in the order of `components` (no events: none measured, which is a value too); then the files
 * of IMA's list, where it was read from its beginning.
 */
export type Measured = readonly { component: string; content: Taught }[];

/** A measurement that a quote vouches for, as part of its component. */
export class QuotedEvent implements Attribution {
  readonly event: BootEvent;
  readonly component: Attribution['component'];
  readonly role: Attribution['role'];
  /** In which the quote vouches for it: a digest in another bank is nothing but claimed. */
  readonly banks: readonly Bank[];
  #digests: ReferenceEvent['digests'] | undefined;
  #claim: string | undefined;

  constructor({ event, component, role }: Attribution, quoted: PcrSelection) {
    this.event = event;
    this.component = component;
    this.role = role;
    this.banks = banksOfPcr(quoted, event.pcr);
  }

  /** Hex, by bank, of those alone that the quote vouches for. */
  get digests(): ReferenceEvent['digests'] {
    this.#digests ??= Object.fromEntries(
      this.banks.flatMap((bank) => {
        const digest = this.event.digests[bank];
        return digest === undefined ? [] : [[bank, digest.toHex()] as const];
      }),
    );
    return this.#digests;
  }

  /** What single measurements it may be known by. */
  get claim(): string {
    this.#claim ??= claimNameOf(this);
    return this.#claim;
  }

  /** As a reference value has it: put into words when somebody learns from it, not at each comparison. */
  get reference(): ReferenceEvent {
    const { role, event, digests } = this;
    const description = role === event.description ? role : `${role}: ${event.description}`;
    return { pcr: event.pcr, type: event.type, digests, description, claim: this.claim };
  }
}

/** The events of a log that the quote covers, in log order; no other event may support a claim. */
export const quotedEvents = (log: EventLog, selection: PcrSelection): QuotedEvent[] =>
  componentsOf(log.events)
    .filter(({ event }) => selection.some(({ pcrs }) => pcrs.includes(event.pcr)))
    .map((part) => new QuotedEvent(part, selection));

/**
 * @param quoted what the quote covers: of a component of which it leaves a PCR out nothing is taught
 * @param parts of IMA's list, proven; one behind the other from its beginning, else no files are taught
 */
export const measuredOf = (
  events: readonly QuotedEvent[],
  quoted: PcrSelection,
  parts: readonly ImaPart[] = [],
): Measured => [
  ...components
    .filter((component) => isCovered(component, quoted))
    .map((component) => ({
      component,
      content: {
        form: 'sequence' as const,
        events: events.filter((part) => part.component === component).map(({ reference }) => reference),
      },
    })),
  ...filesTaught(parts),
];

/** Files of the list alone. @param parts proven; one behind the other from its beginning, else none */
export const filesTaught = (parts: readonly ImaPart[]): Measured =>
  filesOf(parts).map((files) => ({ component: 'operating_system', content: { form: 'files' as const, files } }));

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
