// One thing that was recognised, and what is said of each kind of thing. What nobody vouches for stays so: a piece is a claim.
import type { X509Certificate } from 'node:crypto';
import type { BrokenLine, EventLog } from '@assay/measurement';
import type { Attest, PcrBanks, Public, Signature } from '@assay/tpm/structures';

/** `name`: for people, where it came from. */
export type Piece = { name: string } & (
  | { kind: 'boot-log'; bytes: Uint8Array; log: EventLog }
  /** In binary form, whatever it was read from. `offset` of the first byte in the whole list, which goes on when there is `more`; `broken`: lines of text that are no entry. */
  | { kind: 'ima-list'; bytes: Uint8Array; offset: number; more?: boolean; broken: readonly BrokenLine[] }
  /** TPMS_ATTEST, as signed. */
  | { kind: 'attest'; bytes: Uint8Array; attest: Attest }
  | { kind: 'signature'; signature: Signature }
  /** TPMT_PUBLIC. */
  | { kind: 'public-key'; bytes: Uint8Array; area: Public }
  /** DER; `padding` bytes of 0x00 or 0xFF stood behind it, as vendors fill an NV index. */
  | { kind: 'certificate'; der: Uint8Array; padding: number; certificate: X509Certificate }
  | { kind: 'pcr-values'; banks: PcrBanks }
);
export type PieceOf<K extends Piece['kind']> = Extract<Piece, { kind: K }>;

/** Something a person should look at. `code` is that of the finding an appraisal would make of it, where there is one. */
export type Strange = {
  code: string;
  message: string;
  /** Healthy machines have this too: an appraisal allows it where nothing else is configured. */
  usual?: true;
  /** In the file, in bytes. */
  offset?: number;
  /** Number in the boot log, or in the IMA list. */
  event?: number;
  entry?: number;
  pcr?: number;
};

/** What several things say of one another. */
export type Together = {
  /** What holds, each in one line. */
  holds: string[];
  strange: Strange[];
};
