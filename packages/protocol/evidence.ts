// Evidence (RFC 9334, 8.1) as it crosses the network: what the agent claims. Nothing here has been checked.
import { type Static, Type } from 'typebox';
import { Base64, Hex, Sha256 } from './bytes.ts';

/** Banks a quote may be taken over, by their names in TPM 2.0 Part 2, 6.3. */
export const Bank = Type.Union([Type.Literal('sha256'), Type.Literal('sha384')]);
export type Bank = Static<typeof Bank>;

/** PCRs wanted or quoted, by bank, ascending. */
export const PcrWish = Type.Object({
  bank: Bank,
  pcrs: Type.Array(Type.Integer({ minimum: 0, maximum: 23 }), { minItems: 1, maxItems: 24 }),
});
export type PcrWish = Static<typeof PcrWish>;

/** What one round carries of IMA's list at most. */
export const imaPartBytes = 4 * 1024 * 1024;

/** A part of IMA's run-time list in the kernel's binary form (…/ima/binary_runtime_measurements), native byte order: little-endian. */
export const ClaimedImaLog = Type.Object({
  /** Of the first byte of `data` in the whole list: what the challenge asked for, or 0. */
  offset: Type.Integer({ minimum: 0 }),
  data: Base64(imaPartBytes),
  /** The list goes on: the next round has the rest. */
  more: Type.Optional(Type.Boolean()),
});
export type ClaimedImaLog = Static<typeof ClaimedImaLog>;

/** A TPM's word on what is in its NV index of asset tags: TPMS_ATTEST of type NV, as signed, and TPMT_SIGNATURE over it by the AK. */
export const ClaimedNv = Type.Object({ attest: Base64(2048), signature: Base64(1024) });
export type ClaimedNv = Static<typeof ClaimedNv>;

const EventLogText = Base64(4 * 1024 * 1024);

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
  event_log: EventLogText,
  /** Read after the quote, so that it may have run ahead of it. Absent: the host keeps no such list, or was not asked. */
  ima_log: Type.Optional(ClaimedImaLog),
  /** Where the challenge asked for it. */
  nv: Type.Optional(ClaimedNv),
  /** Why the TPM certified nothing, in the agent's words. */
  nv_absent: Type.Optional(Type.String({ maxLength: 1024 })),
  /** Of the host's operating system: a reboot changes it. Claimed, never proof. */
  boot_id: Type.String({ maxLength: 64 }),
  /** Seconds since boot by the host's own count. Claimed, never proof. */
  uptime_s: Type.Number({ minimum: 0 }),
});
export type ClaimedEvidence = Static<typeof ClaimedEvidence>;

/** As an agent sends it: a boot log that the server has already (the challenge says which) is left out and named instead. */
export const SentEvidence = Type.Object({
  ...ClaimedEvidence.properties,
  event_log: Type.Optional(EventLogText),
  event_log_sha256: Type.Optional(Sha256),
});
export type SentEvidence = Static<typeof SentEvidence>;
