// Evidence as Assay keeps and sends it: JSON with its parts in base64. Taken apart, nothing of it judged.
import { AssayError, decode } from '@assay/core';
import { parseEventLog } from '@assay/measurement';
import type { Enrol, HostEvidence, SentEvidence } from '@assay/protocol';
import { Attest, type HashName, Public, Signature } from '@assay/tpm/structures';
import { certificatePiece } from './certificate.ts';
import type { Piece } from './piece.ts';

/**
 * @param text an evidence, a frame or record with one, an enrolment frame, what
 *   `assay host evidence` prints, or a row of the table `evidence`; a boot log may be left out
 * @throws AssayError `message-json`, `message-schema`, `message-base64`; `wire-…` for a part that is malformed
 */
export async function storedPieces(name: string, text: string): Promise<Piece[]> {
  const { AgentFrame, HostEvidence, SentEvidence, check, parse } = await import('@assay/protocol');
  const value = fields(name, text);
  if (!isOurs(value)) throw new AssayError('file-unknown', name, stored, `JSON with ${fieldsText(value)}`);
  if (typeof value['claimed'] === 'string') return evidencePieces(name, parse(SentEvidence, value['claimed'], name));
  if (value['type'] === undefined && value['received_at'] !== undefined)
    return hostPieces(name, check(HostEvidence, value, name));
  if (typeof value['type'] !== 'string')
    return evidencePieces(name, check(SentEvidence, value['evidence'] ?? value, name));
  const frame = check(AgentFrame, value, name);
  if (frame.type === 'evidence') return evidencePieces(name, frame.evidence);
  if (frame.type === 'enrol') return enrolPieces(name, frame);
  throw new AssayError('file-unknown', name, stored, `JSON with ${fieldsText(value)}`);
}

function fields(name: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AssayError('file-unknown', name, 'JSON', text, { cause });
  }
  if (Array.isArray(value)) throw new AssayError('file-unknown', name, stored, `JSON with a list of ${value.length}`);
  return { ...(value as object) };
}

const stored = 'stored evidence, a frame or a record of Assay';

/** Whether it looks like one of them: what is wrong inside is then told by its field. */
function isOurs(value: Record<string, unknown>): boolean {
  const { type, claimed, evidence, quote, received_at: received } = value;
  if (typeof type === 'string') return type === 'evidence' || type === 'enrol';
  const inner = typeof evidence === 'object' && evidence !== null && !Array.isArray(evidence);
  return typeof claimed === 'string' || received !== undefined || quote !== undefined || inner;
}

/** Its first fields by name. */
function fieldsText(value: Record<string, unknown>): string {
  const names = Object.keys(value);
  if (names.length === 0) return 'no field';
  return `the fields ${names.slice(0, 6).join(', ')}${names.length > 6 ? `, and ${names.length - 6} more` : ''}`;
}

async function evidencePieces(name: string, evidence: SentEvidence): Promise<Piece[]> {
  const { fromBase64 } = await import('@assay/protocol');
  const quote = fromBase64(evidence.quote, `${name}: quote`);
  const signature = fromBase64(evidence.signature, `${name}: signature`);
  const pieces: Piece[] = [
    { name: `${name}: quote`, kind: 'attest', bytes: quote, attest: decode(Attest, quote, `${name}: TPMS_ATTEST`) },
    {
      name: `${name}: signature`,
      kind: 'signature',
      signature: decode(Signature, signature, `${name}: TPMT_SIGNATURE`),
    },
  ];
  const { event_log: log, ima_log: list, pcr_values: values } = evidence;
  if (list) {
    const bytes = fromBase64(list.data, `${name}: ima_log.data`);
    const { offset, more = false } = list;
    pieces.unshift({ name: `${name}: ima_log`, kind: 'ima-list', bytes, offset, more, broken: [] });
  }
  if (log !== undefined) {
    const bytes = fromBase64(log, `${name}: event_log`);
    pieces.unshift({ name: `${name}: event_log`, kind: 'boot-log', bytes, log: parseEventLog(bytes) });
  }
  if (values) {
    const banks: { [H in HashName]?: Map<number, Uint8Array> } = {};
    for (const { bank, pcr, value } of values) {
      banks[bank] ??= new Map();
      banks[bank].set(pcr, Buffer.from(value, 'hex'));
    }
    pieces.push({ name: `${name}: pcr_values`, kind: 'pcr-values', banks });
  }
  return pieces;
}

async function hostPieces(name: string, of: HostEvidence): Promise<Piece[]> {
  const { fromBase64 } = await import('@assay/protocol');
  const pieces = await evidencePieces(name, of.evidence);
  const [key, certificate] = [`${name}: ak_public`, `${name}: ek_certificate`];
  if (of.ak_public !== undefined) pieces.push(keyPiece(key, fromBase64(of.ak_public, key)));
  if (of.ek_certificate !== undefined)
    pieces.push(certificatePiece(certificate, fromBase64(of.ek_certificate, certificate)));
  return pieces;
}

async function enrolPieces(name: string, frame: Enrol): Promise<Piece[]> {
  const { fromBase64 } = await import('@assay/protocol');
  const certificates = [frame.ek_certificate, ...(frame.ek_chain ?? [])].map((der, i) => {
    const where = i === 0 ? `${name}: ek_certificate` : `${name}: ek_chain[${i - 1}]`;
    return certificatePiece(where, fromBase64(der, where));
  });
  const keys = (['ek_public', 'ak_public'] as const).map((field) => {
    const where = `${name}: ${field}`;
    return keyPiece(where, fromBase64(frame[field], where));
  });
  return [...certificates, ...keys];
}

const keyPiece = (name: string, bytes: Uint8Array): Piece => ({
  name,
  kind: 'public-key',
  bytes,
  area: decode(Public, bytes, name),
});
