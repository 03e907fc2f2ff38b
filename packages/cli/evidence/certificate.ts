// What does a certificate say, and is it what an endorsement key's certificate has to be? Whether anybody vouches for it is for
// a trust store to say: no chain is checked here.
import { X509Certificate } from 'node:crypto';
import { AssayError } from '@assay/core';
import type { Block } from './page.ts';
import type { Piece, PieceOf, Strange } from './piece.ts';

export type CertificateReport = {
  kind: 'certificate';
  name: string;
  /** `endorsement-key`: its extended key usage says so. */
  use: 'endorsement-key' | 'ca' | 'other';
  subject: string;
  issuer: string;
  /** Of an endorsement key's: the TPM in its vendor's words. Unverified until the chain is. */
  tpm?: { manufacturer: string; model: string; version: string };
  /** Hex. */
  serial: string;
  /** RFC 3339. */
  not_before: string;
  not_after: string;
  /** `RSA 2048`, `P-256`. */
  key: string;
  signature_algorithm: string;
  /** SHA-256 of the DER, hex: what `assay host register --ek-sha256` takes. */
  sha256: string;
  bytes: number;
  /** Bytes of 0x00 or 0xFF behind the DER. */
  padding: number;
  strange: Strange[];
};

const ekUsage = '2.23.133.8.1'; // tcg-kp-EKCertificate

/** @param now to tell whether it is valid */
export async function certificateReport(
  { name, der, padding, certificate: read }: PieceOf<'certificate'>,
  now: Date,
): Promise<CertificateReport> {
  const use = read.ca ? 'ca' : read.keyUsage?.includes(ekUsage) ? 'endorsement-key' : 'other';
  const { tpm, strange } = await judged(name, der, read, use === 'endorsement-key');
  return {
    kind: 'certificate',
    name,
    use,
    subject: oneLine(read.subject),
    issuer: oneLine(read.issuer),
    ...(tpm && { tpm }),
    serial: read.serialNumber.toLowerCase(),
    not_before: instant(read.validFromDate),
    not_after: instant(read.validToDate),
    key: keyText(read),
    signature_algorithm: read.signatureAlgorithm ?? 'unknown',
    sha256: read.fingerprint256.replaceAll(':', '').toLowerCase(),
    bytes: der.length,
    padding,
    strange: [...strange, ...validity(read, now)],
  };
}

function keyText({ publicKey: { asymmetricKeyType, asymmetricKeyDetails } }: X509Certificate): string {
  if (asymmetricKeyType === 'rsa') return `RSA ${asymmetricKeyDetails?.modulusLength}`;
  return asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? 'unknown';
}

/** Of a date that there is not: the DER has digits that make none. */
const instant = (date: Date) => (Number.isNaN(date.getTime()) ? 'no date' : date.toISOString());

const oneLine = (lines: string | undefined) => (lines ?? '').split('\n').join(', ') || '(empty)';

type Judged = { tpm?: { manufacturer: string; model: string; version: string }; strange: Strange[] };

/** What an enrolment would read in it, and refuse it for. */
async function judged(name: string, der: Uint8Array, { publicKey }: X509Certificate, isEk: boolean): Promise<Judged> {
  const { checkEkExtensions, readCertificate, refuseRoca } = await import('@assay/appraisal');
  const result: Judged = { strange: [] };
  const attempt = (check: () => void) => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      result.strange.push({ code: error.code === 'ek-roca' ? error.code : 'ek-certificate', message: error.message });
    }
  };
  attempt(() => {
    const read = readCertificate(der, name);
    if (isEk) result.tpm = checkEkExtensions(read, name);
  });
  if (publicKey.asymmetricKeyType === 'rsa')
    attempt(() => refuseRoca('ek-roca', Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url')));
  return result;
}

function validity({ validFromDate, validToDate }: X509Certificate, now: Date): Strange[] {
  if (now >= validFromDate && now <= validToDate) return [];
  const message = `valid from ${instant(validFromDate)} to ${instant(validToDate)}, and it is ${instant(now)}`;
  return [{ code: 'ek-expired', message }];
}

const uses = { 'endorsement-key': 'endorsement key of a TPM', ca: 'CA', other: 'neither an endorsement key nor a CA' };

export function* certificateBlocks(report: CertificateReport): Generator<Block> {
  const { tpm } = report;
  yield { heading: `${report.name}: certificate` };
  yield {
    facts: [
      ['subject', report.subject],
      ['for', uses[report.use]],
      ...(tpm ? [['TPM', `${tpm.manufacturer} ${tpm.model}, version ${tpm.version}`] as const] : []),
      ['issuer', report.issuer],
      ['valid', `${report.not_before} to ${report.not_after}`],
      ['key', report.key],
      ['signed with', report.signature_algorithm],
      ['serial', report.serial],
      ['SHA-256', report.sha256],
      ['size', `${report.bytes} bytes${report.padding ? ` and ${report.padding} of padding` : ''}`],
    ],
  };
}

/**
 * What stands behind the DER has to be padding: all 0x00 or all 0xFF.
 * @throws AssayError `file-unknown`, also when OpenSSL finds no certificate in it
 */
export function certificatePiece(name: string, bytes: Uint8Array): Piece {
  const octets = (bytes[1] ?? 0) & 0x7f;
  const long = (bytes[1] ?? 0) >= 0x80;
  const length = long ? bytes.subarray(2, 2 + octets).reduce((sum, octet) => sum * 256 + octet, 0) : octets;
  const end = 2 + (long ? octets : 0) + length;
  const behind = bytes.subarray(end);
  if (bytes[0] !== 0x30 || end > bytes.length || (behind.length > 0 && !behind.every((byte) => byte === behind[0])))
    throw new AssayError(
      'file-unknown',
      name,
      'a certificate in DER, and nothing but padding behind it',
      bytes.subarray(0, 16),
    );
  if (behind.length > 0 && behind[0] !== 0 && behind[0] !== 0xff)
    throw new AssayError('file-unknown', `${name} at byte ${end}`, 'padding of 0x00 or 0xFF', behind.subarray(0, 16));
  const der = bytes.subarray(0, end);
  try {
    const certificate = new X509Certificate(der);
    keyText(certificate); // read when asked for, and it may be no key
    return { name, kind: 'certificate', der, padding: behind.length, certificate };
  } catch (cause) {
    throw new AssayError('file-unknown', name, 'a certificate', cause, { cause });
  }
}
