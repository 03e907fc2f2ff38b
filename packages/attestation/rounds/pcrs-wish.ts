// Which PCRs is a host asked for? All that the policies of its pools rest on, in one quote.
import { defaultPcrs } from '@assay/appraisal';
import type { Bank, PcrWish } from '@assay/protocol';
import type { Membership } from '../standards/standards.ts';

/** Without a policy what a golden host should teach anyway. */
export function pcrsWish(memberships: readonly Membership[]): readonly PcrWish[] {
  const wished = new Map<Bank, Set<number>>();
  for (const { policy } of memberships)
    for (const { bank, pcrs } of policy?.pcrs ?? defaultPcrs)
      wished.set(bank, new Set([...(wished.get(bank) ?? []), ...pcrs]));
  return [...wished].map(([bank, pcrs]) => ({ bank, pcrs: [...pcrs].sort((a, b) => a - b) }));
}
