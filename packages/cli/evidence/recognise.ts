// What is this file? Told by its content alone, never by its name: one file may hold several things (stored evidence, PEM).
// Recognising proves nothing of what was recognised.
import { AssayError, type Codec, decode, u16 } from '@assay/core';
import { imaListFromAscii, isAsciiImaList, parseEventLog } from '@assay/measurement';
import { Attest, Public, Signature } from '@assay/tpm/structures';
import { certificatePiece } from './certificate.ts';
import { pcrFile, pcrText } from './pcr-file.ts';
import type { Piece } from './piece.ts';
import { storedPieces } from './stored.ts';

const known =
  `a boot log, a list of IMA (binary or ASCII), TPMS_ATTEST, TPMT_SIGNATURE, TPMT_PUBLIC, a certificate (DER or PEM),
PCR values (tpm2_quote -o, tpm2_pcrread) or stored evidence (JSON)`.replace('\n', ' ');

/** @throws AssayError `file-unknown` when the content is none of these, or only looks like one of them */
export async function recognise(name: string, bytes: Uint8Array): Promise<Piece[]> {
  if (bytes.length === 0)
    throw new AssayError('file-unknown', name, known, 'no bytes', {
      hint: 'a kernel started past its EFI stub leaves an empty boot log, though PCRs were extended',
    });
  if (isAsciiImaList(bytes)) {
    const { bytes: list, broken } = imaListFromAscii(bytes);
    return [{ name, kind: 'ima-list', bytes: list, offset: 0, broken }];
  }
  const text = textOf(bytes);
  if (text !== undefined) {
    if (/^\s*[[{]/.test(text)) return storedPieces(name, text);
    if (text.includes('-----BEGIN CERTIFICATE-----')) return pemPieces(name, text);
    const banks = pcrText(text);
    if (banks) return [{ name, kind: 'pcr-values', banks }];
  }
  return [binaryPiece(name, bytes)];
}

/** The head of the content as text, if it is text: no NUL in it. */
function textOf(bytes: Uint8Array): string | undefined {
  return bytes.subarray(0, 4096).includes(0) ? undefined : Buffer.from(bytes).toString('utf8');
}

function binaryPiece(name: string, bytes: Uint8Array): Piece {
  const tpm = tpmPiece(name, bytes);
  if (tpm) return tpm;
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x81) return certificatePiece(name, bytes);
  if (isImaList(bytes)) return { name, kind: 'ima-list', bytes, offset: 0, broken: [] };
  const banks = pcrFile(bytes);
  if (banks) return { name, kind: 'pcr-values', banks };
  const log = parseEventLog(bytes);
  const [first] = log.events;
  if (
    log.format === 'crypto-agile' ||
    (first && first.pcr < 24 && first.frame.type !== 0 && !first.type.startsWith('0x'))
  )
    return { name, kind: 'boot-log', bytes, log };
  throw new AssayError('file-unknown', name, known, bytes.subarray(0, 32));
}

/** Structures of TPM 2.0, with or without the length that a TPM2B has before them. */
function tpmPiece(name: string, bytes: Uint8Array): Piece | undefined {
  const inner = bytes.length > 2 && u16.read({ bytes, at: 0 }, name) === bytes.length - 2 ? bytes.subarray(2) : bytes;
  for (const body of [bytes, inner]) {
    const head = body.subarray(0, 4).toHex();
    if (head === 'ff544347')
      return { name, kind: 'attest', bytes: body, attest: decode(Attest, body, `${name}: TPMS_ATTEST`) };
  }
  const signature = attempt(Signature, bytes);
  if (signature) return { name, kind: 'signature', signature };
  for (const body of [bytes, inner]) {
    const area = attempt(Public, body);
    if (area) return { name, kind: 'public-key', bytes: body, area };
  }
  return undefined;
}

/** Undefined when the bytes are not exactly this structure. */
function attempt<T>(codec: Codec<T>, bytes: Uint8Array): T | undefined {
  if (bytes.length > 2048) return undefined;
  try {
    return decode(codec, bytes, '');
  } catch (error) {
    if (error instanceof AssayError) return undefined;
    throw error;
  }
}

/** A list begins with a PCR number, a SHA-1 digest and the name of a template. */
function isImaList(bytes: Uint8Array): boolean {
  if (bytes.length < 28) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint32(24, true);
  const template = Buffer.from(bytes.subarray(28, 28 + Math.min(length, 64))).toString('latin1');
  return view.getUint32(0, true) < 24 && length > 0 && length <= 64 && /^(ima|evm)[\w-]*$/.test(template);
}

function pemPieces(name: string, text: string): Piece[] {
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]*)-----END CERTIFICATE-----/g)];
  if (blocks.length === 0) throw new AssayError('file-unknown', name, 'certificates in PEM', 'one without an end');
  return blocks.map(([, base64 = ''], i) => {
    const der = Buffer.from(base64, 'base64');
    return { ...certificatePiece(blocks.length > 1 ? `${name}, certificate ${i + 1}` : name, der) };
  });
}
