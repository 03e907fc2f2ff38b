// Evidence (RFC 9334, 8.1) as it crosses the network: what the agent claims. Nothing here has been checked.
import { type Static, Type } from 'typebox';
import { Base64, Hex } from './bytes.ts';

/** Banks a quote may be taken over, by their names in TPM 2.0 Part 2, 6.3. */
export const Bank = Type.Union([Type.Literal('sha256'), Type.Literal('sha384')]);
export type Bank = Static<typeof Bank>;

/** PCRs wanted or quoted, by bank, ascending. */
export const PcrWish = Type.Object({
  bank: Bank,
  pcrs: Type.Array(Type.Integer({ minimum: 0, maximum: 23 }), { minItems: 1, maxItems: 24 }),
});
export type PcrWish = Static<typeof PcrWish>;

export const ClaimedEvidence = Type.Object({
  /** TPMS_ATTEST of type QUOTE, as signed. */
  quote: Base64(2048),
  /** TPMT_SIGNATURE over it by the AK. */
  signature: Base64(1024),
  /** What the agent read of the quoted PCRs: proven once they hash to the quote's digest, and then they name the PCR that differs. */
  pcr_values: Type.Optional(
    Type.Array(Type.Object({ bank: Bank, pcr: Type.Integer({ minimum: 0, maximum: 23 }), value: Hex }), {
      maxItems: 96,
    }),
  ),
  /** Boot event log as the kernel gives it (TCG PC Client PFP, crypto-agile). */
  event_log: Base64(4 * 1024 * 1024),
  /** Of the host's operating system: a reboot changes it. Claimed, never proof. */
  boot_id: Type.String({ maxLength: 64 }),
  /** Seconds since boot by the host's own count. Claimed, never proof. */
  uptime_s: Type.Number({ minimum: 0 }),
});
export type ClaimedEvidence = Static<typeof ClaimedEvidence>;
