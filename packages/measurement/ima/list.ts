// What does IMA's run-time list say, entry by entry? The shape its readers agree on. All of it is claimed by the list: an entry
// counts once its template digest is the hash of its data and a quote vouches for the PCR it was extended into.
import type { HashName } from '@assay/tpm/structures';

/** Templates the kernel has (security/integrity/ima/ima_template.c). */
export type ImaTemplate = 'ima' | 'ima-ng' | 'ima-ngv2' | 'ima-sig' | 'ima-sigv2' | 'ima-buf' | 'ima-modsig';

/** The fields of a template, as far as its data could be read. */
export type ImaFields = {
  /** `d`, `d-ng`, `d-ngv2`: of the file, or of the buffer of `ima-buf`. `type`: `ima` or `verity`, in the v2 templates. */
  digest: { algorithm: string; value: Uint8Array; type?: 'ima' | 'verity' };
  /** `n`, `n-ng`: a hint, never proof of which file it was. Safe to print after escaping only. */
  path: string;
  /** `sig`: security.ima as the file had it; empty when it had none. */
  signature?: Uint8Array;
  /** `buf` of ima-buf: a key, a policy, a command line. */
  buffer?: Uint8Array;
  /** `d-modsig` and `modsig` of ima-modsig. */
  modsig?: { digest: { algorithm: string; value: Uint8Array }; signature: Uint8Array };
};

export type ImaEntry = {
  /** Number in the whole list, from 0: boot_aggregate. */
  index: number;
  /** Of its first byte in the whole list. */
  offset: number;
  /** 10 unless the kernel was configured otherwise; any number in a hostile list. */
  pcr: number;
  /** As the list has it: SHA-1 of `data` (20 bytes), all zero for a violation. */
  templateDigest: Uint8Array;
  /** As the list has it, escaped; `ImaTemplate` when known. */
  template: string;
  /** The digest is all zero: the file changed while it was measured. The kernel extends all ones instead. */
  violation: boolean;
  /** Template data as it stands in the list. */
  data: Uint8Array;
  fields: ImaFields | undefined;
  /** What is wrong with this entry, when something is. It was extended all the same. */
  problem: string | undefined;
};

/** Where reading of a list stands: plain JSON, to be stored. Dropped when the TPM was reset or restarted. */
export type ImaState = {
  /** Bytes read and proven. */
  offset: number;
  /** Entries read and proven. */
  entries: number;
  /** PCR 10 after them, hex, by bank. */
  pcrs: Partial<Record<HashName, string>>;
};
