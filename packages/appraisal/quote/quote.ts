// Did the TPM with this AK quote these PCRs, now?
// Says nothing of what the PCRs mean: see binding.ts and reference/.
import { AssayError } from '@assay/core';
import type { PcrWish } from '@assay/protocol';
import type { HashName, PcrSelection } from '@assay/tpm/structures';
import type { Ak } from './ak.ts';
import { verifyAttested } from './attested.ts';

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

/**
 * @param nonce of the challenge, as sent
 * @param wanted PCRs of the challenge, as sent
 * @throws AssayError `quote-malformed`, `quote-scheme`, `quote-signature`, `quote-magic`, `quote-type`, `quote-signer`,
 *   `quote-nonce`, `quote-selection`: the first check that failed, in this order
 */
export function verifyQuote(claimed: ClaimedQuote, ak: Ak, nonce: Uint8Array, wanted: readonly PcrWish[]): Quote {
  const { attest, hash } = verifyAttested('quote', { ...claimed, attest: claimed.quote }, ak, nonce);
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
    hash,
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
