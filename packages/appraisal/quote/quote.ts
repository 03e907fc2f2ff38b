// Did the TPM with this AK sign this, now, over these PCRs? Signature first; nothing of the quote is used before it holds.
// Says nothing of what the PCRs mean: see binding.ts and reference/.
import { timingSafeEqual } from 'node:crypto';
import { AssayError, decode, struct, u16, u32 } from '@assay/core';
import type { PcrWish } from '@assay/protocol';
import { Attest, type HashName, type PcrSelection, Signature, verifySignature } from '@assay/tpm/structures';
import type { Ak } from './ak.ts';

/** Bytes as an attester sent them. */
export type ClaimedQuote = {
  /** TPMS_ATTEST */
  quote: Uint8Array;
  /** TPMT_SIGNATURE */
  signature: Uint8Array;
};

/** What the TPM of this AK said for this nonce. Only `verifyQuote` makes one. */
export type Quote = {
  readonly akName: Uint8Array;
  /** As wanted: banks in that order, PCRs ascending. */
  readonly selection: PcrSelection;
  /** Over the values of `selection`, by `hash`. */
  readonly pcrDigest: Uint8Array;
  readonly hash: HashName;
  /** `clock` in milliseconds. */
  readonly clockInfo: { clock: bigint; resetCount: number; restartCount: number; safe: boolean };
  readonly firmwareVersion: bigint;
};

const magic = 0xff544347; // TPM_GENERATED_VALUE
const typeQuote = 0x8018; // TPM_ST_ATTEST_QUOTE
const Head = struct({ magic: u32, type: u16 });

/**
 * @param nonce of the challenge, as sent
 * @param wanted PCRs of the challenge, as sent
 * @throws AssayError `quote-malformed`, `quote-scheme`, `quote-signature`, `quote-magic`, `quote-type`, `quote-signer`,
 *   `quote-nonce`, `quote-selection`: the first check that failed, in this order
 */
export function verifyQuote(claimed: ClaimedQuote, ak: Ak, nonce: Uint8Array, wanted: readonly PcrWish[]): Quote {
  const signature = whole(() => decode(Signature, claimed.signature, 'TPMT_SIGNATURE'));
  if (signature.sigAlg !== ak.sigAlg || signature.hash !== ak.hash)
    throw new AssayError(
      'quote-scheme',
      'TPMT_SIGNATURE',
      `${ak.sigAlg} with ${ak.hash}, as the AK signs`,
      `${signature.sigAlg} with ${signature.hash}`,
    );
  if (!verifySignature(ak.key, signature, claimed.quote))
    throw new AssayError(
      'quote-signature',
      'TPMT_SIGNATURE',
      `a signature over the quote by the enrolled AK ${ak.name.toHex()}`,
      'another',
    );

  const head = whole(() => Head.read({ bytes: claimed.quote, at: 0 }, 'TPMS_ATTEST'));
  if (head.magic !== magic)
    throw new AssayError('quote-magic', 'TPMS_ATTEST.magic', 'TPM_GENERATED_VALUE', `0x${head.magic.toString(16)}`);
  const attest = head.type === typeQuote ? whole(() => decode(Attest, claimed.quote, 'TPMS_ATTEST')) : undefined;
  if (attest?.type !== 'quote')
    throw new AssayError('quote-type', 'TPMS_ATTEST.type', 'TPM_ST_ATTEST_QUOTE', `0x${head.type.toString(16)}`);
  if (Buffer.compare(attest.qualifiedSigner, ak.qualifiedName) !== 0)
    throw new AssayError(
      'quote-signer',
      'TPMS_ATTEST.qualifiedSigner',
      `${ak.qualifiedName.toHex()}, the AK as a primary key of the endorsement hierarchy`,
      attest.qualifiedSigner,
    );
  if (attest.extraData.length !== nonce.length || nonce.length === 0 || !timingSafeEqual(attest.extraData, nonce))
    throw new AssayError('quote-nonce', 'TPMS_ATTEST.extraData', 'the nonce of this challenge', 'another');
  const selection = canonical(wanted);
  if (!equal(attest.pcrSelect, selection) || selection.length === 0)
    throw new AssayError(
      'quote-selection',
      'TPMS_ATTEST.pcrSelect',
      `exactly ${selectionText(selection)}`,
      selectionText(attest.pcrSelect),
    );
  return {
    akName: ak.name,
    selection,
    pcrDigest: attest.pcrDigest,
    hash: signature.hash,
    clockInfo: attest.clockInfo,
    firmwareVersion: attest.firmwareVersion,
  };
}

/** What was asked for, as a TPM repeats it: each bank once, each PCR once, ascending. */
function canonical(wanted: readonly PcrWish[]): PcrSelection {
  const selection: PcrSelection = [];
  for (const { bank, pcrs } of wanted) {
    if (selection.some(({ hash }) => hash === bank))
      throw new AssayError('quote-selection', 'challenge', 'each bank once', wanted);
    selection.push({ hash: bank, pcrs: [...new Set(pcrs)].sort((a, b) => a - b) });
  }
  return selection;
}

const equal = (a: PcrSelection, b: PcrSelection) =>
  a.length === b.length &&
  a.every(({ hash, pcrs }, i) => {
    const other = b[i];
    return hash === other?.hash && pcrs.length === other.pcrs.length && pcrs.every((pcr, j) => pcr === other.pcrs[j]);
  });

const selectionText = (selection: PcrSelection) =>
  selection.map(({ hash, pcrs }) => `${hash}:${pcrs.join(',')}`).join('+') || 'none';

/** Malformed structures have one code, whatever about them is wrong. */
function whole<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    throw new AssayError('quote-malformed', cause.where, cause.expected, cause.got, { cause });
  }
}
