// By what is recognised that other hosts show the same: one measurement of a component, or all of it?
import { createHash } from 'node:crypto';
import type { Bank } from '@assay/protocol';
import { isCovered } from '../reference/coverage.ts';
import { partsOf } from '../reference/good-by.ts';
import type { Quoted } from '../reference/known-good.ts';
import type { QuotedEvent } from '../reference/learn.ts';

export type SoughtEvent = { component: string; claim: string; bank: Bank; digest: string };
/** `whole`: as `wholeName` has it in these banks. */
export type SoughtWhole = { component: string; banks: readonly Bank[]; whole: string };
export type Sought = SoughtEvent | SoughtWhole;

/**
 * One name for all that a component measured, in order.
 * @param events of the whole log  @param quoted what the quote over them covers
 * @returns undefined: nothing was measured of it, and the quote does not say so
 */
export function wholeName(
  component: string,
  events: readonly QuotedEvent[],
  quoted: Quoted,
  banks: readonly Bank[],
): string | undefined {
  const parts = partsOf(events, component);
  if (parts.length === 0 && !isCovered(component, quoted)) return undefined;
  const hash = createHash('sha256');
  for (const { event, banks: own, digests } of parts) {
    const of = banks.map((bank) => (own.includes(bank) ? digests[bank] : undefined));
    hash.update(JSON.stringify([event.pcr, event.type, ...of]));
  }
  return hash.digest('hex');
}
