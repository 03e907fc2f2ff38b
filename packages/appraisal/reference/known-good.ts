// All that is known good, in the order one asks for it. Made once for each change of it, and shared by all hosts.
import type { ReferenceEvent, ReferenceValue } from '@assay/protocol';

export type Sequence = { readonly value: ReferenceValue; readonly events: readonly ReferenceEvent[] };
type Quoted = readonly { hash: string; pcrs: readonly number[] }[];

export class KnownGood {
  readonly values: readonly ReferenceValue[];
  /** Counts changes of values and policies. */
  readonly revision: number;
  readonly #sequences = new Map<string, readonly Sequence[]>();

  constructor(values: readonly ReferenceValue[], revision = 0) {
    this.values = values;
    this.revision = revision;
  }

  /** The sequences that are known of a component, as far as the quote covers them; none that lacks a bank of it. */
  sequences(component: string, quoted: Quoted): readonly Sequence[] {
    const name = `${component} ${quoted.map(({ hash, pcrs }) => `${hash}:${pcrs.join()}`).join('+')}`;
    const found = this.#sequences.get(name);
    if (found) return found;
    const sequences = this.values
      .flatMap((value) =>
        value.component === component && value.content.form === 'sequence'
          ? [{ value, events: value.content.events }]
          : [],
      )
      .map(({ value, events }) => ({
        value,
        events: events.filter(({ pcr }) => quoted.some(({ pcrs }) => pcrs.includes(pcr))),
      }))
      .filter(({ events }) => events.every(({ digests }) => quoted.every(({ hash }) => digests[hash])));
    this.#sequences.set(name, sequences);
    return sequences;
  }
}
