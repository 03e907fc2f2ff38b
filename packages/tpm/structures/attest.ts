// What a TPM signs about itself (TPMS_ATTEST): that it made the structure, of which kind, over which nonce, at which time.
// Proves nothing until the signature, the magic, the kind and the nonce are checked.
import { choice, type Of, sized, struct, tagged, u16, u32, u64 } from '@assay/core';
import { PcrSelection } from './pcr-selection.ts';
import { yesNo } from './primitives.ts';

/** TPM2B_NAME: a hash algorithm and digest, or a handle of four bytes, or empty. */
export const Name = sized(66);
/** TPM2B_DIGEST. */
export const Digest = sized(64);

/** TPMS_CLOCK_INFO (Part 2, §10.11.1): `clock` in milliseconds; `safe` false when it may have been ahead before. */
export const ClockInfo = struct({ clock: u64, resetCount: u32, restartCount: u32, safe: yesNo });
export type ClockInfo = Of<typeof ClockInfo>;
/** TPMS_TIME_INFO (Part 2, §10.11.6): `time` in milliseconds since the TPM had power. */
export const TimeInfo = struct({ time: u64, clockInfo: ClockInfo });
export type TimeInfo = Of<typeof TimeInfo>;

/** TPMS_ATTEST (Part 2, §10.12.12). `magic` is only ever TPM_GENERATED_VALUE: anything else does not parse. */
export const Attest = tagged(
  {
    magic: choice(u32, { generated: 0xff544347 }),
    type: choice(u16, {
      nv: 0x8014,
      commandAudit: 0x8015,
      sessionAudit: 0x8016,
      certify: 0x8017,
      quote: 0x8018,
      time: 0x8019,
      creation: 0x801a,
      nvDigest: 0x801c,
    }),
    qualifiedSigner: Name,
    extraData: sized(66),
    clockInfo: ClockInfo,
    firmwareVersion: u64,
  },
  'type',
  {
    nv: { indexName: Name, offset: u16, nvContents: sized(2048) },
    commandAudit: { auditCounter: u64, digestAlg: u16, auditDigest: Digest, commandDigest: Digest },
    sessionAudit: { exclusive: yesNo, sessionDigest: Digest },
    certify: { name: Name, qualifiedName: Name },
    quote: { pcrSelect: PcrSelection, pcrDigest: Digest },
    time: { time: TimeInfo, timeFirmwareVersion: u64 },
    creation: { objectName: Name, creationHash: Digest },
    nvDigest: { indexName: Name, nvDigest: Digest },
  },
);
export type Attest = Of<typeof Attest>;
