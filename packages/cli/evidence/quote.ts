// What did a TPM sign (TPMS_ATTEST), and with what (TPMT_SIGNATURE)? Proves nothing by itself: see together.ts.
import type { Attest, Signature } from '@assay/tpm/structures';
import type { Block } from './page.ts';
import { rangesOf } from './pcr-values.ts';
import type { PieceOf } from './piece.ts';

export type AttestReport = {
  kind: 'attest';
  name: string;
  /** `quote`, `certify`, `nv`, … */
  type: Attest['type'];
  /** Hex, as are the others. */
  qualified_signer: string;
  /** The nonce of whoever asked. */
  extra_data: string;
  /** Milliseconds, decimal. */
  clock: string;
  reset_count: number;
  restart_count: number;
  /** False: the clock may have been ahead before. */
  safe: boolean;
  /** 64 bits, hex. */
  firmware_version: string;
  /** Of a quote. */
  pcrs?: { bank: string; pcrs: number[] }[];
  pcr_digest?: string;
  /** Of the other types: their fields, in words. */
  fields?: Record<string, string>;
};

export function attestReport({ name, attest }: PieceOf<'attest'>): AttestReport {
  const { type, qualifiedSigner, extraData, clockInfo, firmwareVersion, magic: _magic, ...body } = attest;
  return {
    kind: 'attest',
    name,
    type,
    qualified_signer: qualifiedSigner.toHex(),
    extra_data: extraData.toHex(),
    clock: clockInfo.clock.toString(),
    reset_count: clockInfo.resetCount,
    restart_count: clockInfo.restartCount,
    safe: clockInfo.safe,
    firmware_version: `0x${firmwareVersion.toString(16).padStart(16, '0')}`,
    ...(attest.type === 'quote'
      ? { pcrs: attest.pcrSelect.map(({ hash, pcrs }) => ({ bank: hash, pcrs })), pcr_digest: attest.pcrDigest.toHex() }
      : { fields: Object.fromEntries(Object.entries(body).map(([field, value]) => [field, plain(value)])) }),
  };
}

const plain = (value: unknown): string =>
  value instanceof Uint8Array
    ? value.toHex()
    : JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? part.toString() : part)).replaceAll('"', '');

const kinds: Record<Attest['type'], string> = {
  quote: 'quote of PCRs',
  certify: 'certification of a key',
  creation: 'certification of how a key was made',
  nv: 'certification of NV contents',
  nvDigest: 'certification of a digest of NV contents',
  time: 'certification of the time',
  commandAudit: 'audit of commands',
  sessionAudit: 'audit of a session',
};

export function* attestBlocks(report: AttestReport): Generator<Block> {
  yield { heading: `${report.name}: ${kinds[report.type]} (TPMS_ATTEST)` };
  yield {
    facts: [
      ...(report.pcrs ?? []).map(({ bank, pcrs }) => ['PCRs', `${bank}: ${rangesOf(pcrs) || 'none'}`] as const),
      ...(report.pcr_digest === undefined ? [] : [['PCR digest', report.pcr_digest] as const]),
      ...Object.entries(report.fields ?? {}),
      ['nonce', report.extra_data || 'none'],
      ['signer', `${report.qualified_signer} (qualified name)`],
      [
        'clock',
        `${duration(report.clock)} of operation${report.safe ? '' : '; not safe: it may have been ahead before'}`,
      ],
      [
        'resets',
        `${report.reset_count}; ${report.restart_count} restarts since (resume, or a new start without a reset)`,
      ],
      ['TPM firmware', report.firmware_version],
    ],
  };
}

function duration(ms: string): string {
  const seconds = Number(BigInt(ms) / 1000n);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}

export type SignatureReport = {
  kind: 'signature';
  name: string;
  scheme: Signature['sigAlg'];
  hash: string;
  /** Of the signature, or of r and s together, in bits. */
  bits: number;
};

export function signatureReport({ name, signature }: PieceOf<'signature'>): SignatureReport {
  const bytes =
    signature.sigAlg === 'ecdsa' ? signature.signatureR.length + signature.signatureS.length : signature.sig.length;
  return { kind: 'signature', name, scheme: signature.sigAlg, hash: signature.hash, bits: bytes * 8 };
}

export function* signatureBlocks({ name, scheme, hash, bits }: SignatureReport): Generator<Block> {
  yield { heading: `${name}: signature (TPMT_SIGNATURE)` };
  const weak = hash === 'sha1' ? '; SHA-1 is never accepted' : '';
  yield { facts: [['scheme', `${scheme} with ${hash}, ${bits} bits${weak}`]] };
}
