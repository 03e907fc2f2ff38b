// Does a quote cover a component? Only then is it something that nothing was measured of it: of what nobody quoted nothing is known.
import type { Bank, PcrWish } from '@assay/protocol';
import type { Quoted } from './known-good.ts';

/**
 * Of PCR 0–9, those in which its events can stand. In PCR 11–14 and 17–22 there are some of unified kernel images, shim's key lists and a dynamic launch:
 * the running system changes those PCRs, so no policy has to ask for them.
 */
export const componentPcrs: Readonly<Record<string, readonly number[]>> = {
  firmware: [0, 1, 2, 3, 4, 5, 6, 7],
  boot_loader: [4, 8, 9],
  hypervisor: [4, 8, 9],
  operating_system: [8, 9],
};

/** All of the component's PCRs, in each bank of the quote. */
export function isCovered(component: string, quoted: Quoted): boolean {
  const wanted = componentPcrs[component];
  return (
    wanted !== undefined && quoted.length > 0 && quoted.every(({ pcrs }) => wanted.every((pcr) => pcrs.includes(pcr)))
  );
}

/** None of the component's PCRs, in any bank: nothing will ever be known of it. */
export const isLeftOut = (component: string, wishes: readonly PcrWish[]): boolean =>
  !wishes.some(({ pcrs }) => componentPcrs[component]?.some((pcr) => pcrs.includes(pcr)));

/** Banks in which the quote vouches for what was measured into a PCR. */
export const banksOfPcr = (quoted: Quoted, pcr: number): Bank[] =>
  quoted.flatMap(({ hash, pcrs }) => (pcrs.includes(pcr) ? [hash as Bank] : []));
