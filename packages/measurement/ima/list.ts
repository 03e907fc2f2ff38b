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
  /** `sig`: security.ima as the file had it, or its portable EVM signature; empty when it had none. */
  signature?: Uint8Array;
  /** `buf` of ima-buf: a key, a policy, a command line. */
  buffer?: Uint8Array;
  /** `d-modsig` and `modsig` of ima-modsig; absent when the file had no appended signature. */
  modsig?: { digest: { algorithm: string; value: Uint8Array }; signature: Uint8Array };
};

/** What can be strange about an entry. Each is a fact; whether it may be is for appraisal to say. */
export type ImaProblemCode =
  /** The file changed while it was measured: digest all zero, PCR extended with all ones, data vouched for by nothing. */
  | 'violation'
  /** The list's SHA-1 template digest is not the hash of the template data. */
  | 'template-digest'
  /** No template the kernel has by that name. */
  | 'template-unknown'
  /** The template `ima`: file digests in SHA-1 or MD5 only. */
  | 'template-legacy'
  /** Measured into another PCR than 10: PCR 10 says nothing of it. */
  | 'other-pcr'
  /** Template data that is not what the template says. */
  | 'fields'
  /** A signature that is none: of a kind the kernel does not have, or of another length than it says. */
  | 'signature'
  /** Entry 0 is not called boot_aggregate. */
  | 'boot-aggregate'
  /** A later entry is: a list handed over by kexec has one of each kernel. */
  | 'boot-aggregate-again';
export type ImaProblem = { code: ImaProblemCode; text: string };

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
  /** Of a known template, as far as it could be read. */
  fields: ImaFields | undefined;
  /** What is strange about this entry. It was extended all the same. */
  problems: readonly ImaProblem[];
};

/** Where a list is broken off: what follows `offset` is not a whole entry. */
export type ImaCut = { offset: number; reason: string };

/** Where reading of a list stands: plain JSON, to be stored. Dropped when the TPM was reset or restarted. */
export type ImaState = {
  /** Bytes read and proven. */
  offset: number;
  /** Entries read and proven. */
  entries: number;
  /** PCR 10 after them, hex, by bank. */
  pcrs: Partial<Record<HashName, string>>;
  /**
   * Banks into which the kernel extends SHA-1 digests filled up with zeros (before 5.8, or a bank whose hash it lacks); into the others it
   * extends the template data's hash in that bank.
   */
  padded?: readonly HashName[];
};
