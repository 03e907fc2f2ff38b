// What is asked of a host: which PCRs a quote must cover, what kind of TPM may vouch, how long a verdict holds.
import { AssayError } from '@assay/core';
import type { PcrWish } from '@assay/protocol';
import type { FindingCode } from '../findings/catalogue.ts';

export type Policy = {
  /** PCRs that must be quoted; log and quote must agree on all of them. Empty: nothing is proven, so nothing trusted. */
  pcrs: readonly PcrWish[];
  /** Whether an endorsement by a CA of software TPMs is enough. */
  softwareTpmAccepted: boolean;
  /** Findings that are shown and do not count; see `allowedFindings`. */
  allowed: readonly FindingCode[];
  /** Seconds from verification to expiry of a verdict. */
  verdictLifetimeS: number;
};

/** What the boot log covers and the running system leaves alone: PCR 0–9 (11–15 change while running). */
export const bootPcrs: readonly PcrWish[] = [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }];

/** What is asked of a host unless told: those, and PCR 10, which its IMA list has to explain. */
export const defaultPcrs: readonly PcrWish[] = [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }];

/** A policy that asks for nothing proves nothing. @throws AssayError `policy-empty` */
export function checkPolicy({ pcrs }: Policy): void {
  if (pcrs.length === 0 || pcrs.some((wish) => wish.pcrs.length === 0))
    throw new AssayError('policy-empty', 'policy', 'PCRs that must be quoted', pcrs);
}
