// Is this the same TPM going on, rebooted, or set back? Compares a quote's clock and counters with the last ones.

/** What a verified quote says of the TPM's life; plain JSON, to be stored. 64-bit numbers as decimal text. */
export type TpmState = {
  /** Milliseconds the TPM has had power, over all its life. */
  clock: string;
  reset_count: number;
  restart_count: number;
  /** False: `clock` may be behind an earlier one. */
  safe: boolean;
  firmware_version: string;
};
