// What kind of key is this (TPMT_PUBLIC), and what is it called? Says nothing of its being in a TPM.
import { createHash } from 'node:crypto';
import { nameOf, type ObjectAttributes, type Public } from '@assay/tpm/structures';
import type { Block } from './page.ts';
import type { PieceOf } from './piece.ts';

export type KeyReport = {
  kind: 'public-key';
  name: string;
  /** `RSA 2048`, `p256`, `keyedhash`, `symcipher`. */
  key: string;
  /** `rsassa with sha256`; `none` when the caller chooses. */
  scheme: string;
  name_algorithm: string;
  /** What a TPM2B_NAME holds, hex: the key's name in this project's words and in tpm2-tools'. */
  tpm_name: string;
  /** Attributes that are set. */
  attributes: string[];
  /** Hex; empty: no policy. */
  policy: string;
  /** What such a key is good for. */
  use: string;
  /** SHA-256 of the TPMT_PUBLIC, hex. */
  sha256: string;
};

export function keyReport({ name, bytes, area }: PieceOf<'public-key'>): KeyReport {
  return {
    kind: 'public-key',
    name,
    key: keyText(area),
    scheme: schemeText(area),
    name_algorithm: area.nameAlg,
    tpm_name: nameOf(bytes).toHex(),
    attributes: Object.entries(area.attributes).flatMap(([attribute, set]) => (set ? [attribute] : [])),
    policy: area.authPolicy.toHex(),
    use: useText(area.attributes),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

function keyText(area: Public): string {
  if (area.type === 'rsa') return `RSA ${area.keyBits}, exponent ${area.exponent || 65537}`;
  return area.type === 'ecc' ? `ECC ${area.curve}` : area.type;
}

function schemeText(area: Public): string {
  if (area.type === 'symcipher' || area.scheme.scheme === 'null') return 'none';
  return 'hash' in area.scheme ? `${area.scheme.scheme} with ${area.scheme.hash}` : area.scheme.scheme;
}

/** By its attributes (Part 1, §27.3): restricted and sign make an attestation key, restricted and decrypt a storage or endorsement key. */
function useText({ restricted, sign, decrypt, fixedTpm, fixedParent, sensitiveDataOrigin }: ObjectAttributes): string {
  const bound = fixedTpm && fixedParent && sensitiveDataOrigin ? '' : '; it may exist outside its TPM';
  if (restricted && sign && !decrypt) return `attestation: signs only what its TPM says${bound}`;
  if (restricted && decrypt && !sign)
    return `endorsement or storage: decrypts only what protects keys of its TPM${bound}`;
  if (sign) return `signs anything it is given${bound}`;
  return decrypt ? `decrypts anything it is given${bound}` : `neither signs nor decrypts${bound}`;
}

export function* keyBlocks(report: KeyReport): Generator<Block> {
  yield { heading: `${report.name}: public area of a key (TPMT_PUBLIC)` };
  yield {
    facts: [
      ['key', report.key],
      ['scheme', report.scheme],
      ['for', report.use],
      ['attributes', report.attributes.join(', ') || 'none'],
      ['policy', report.policy || 'none'],
      ['name', `${report.tpm_name} (${report.name_algorithm})`],
      ['SHA-256', report.sha256],
    ],
  };
}
