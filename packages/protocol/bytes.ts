// How binary values cross the network inside JSON: base64 (RFC 4648, 4) with padding, and lower-case hex for digests.
import { AssayError } from '@assay/core';
import { Type } from 'typebox';

/** Base64 text of at most `maxBytes` bytes. */
export const Base64 = (maxBytes: number) =>
  Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$', maxLength: Math.ceil(maxBytes / 3) * 4 });

/** Lower-case hex: a digest. */
export const Hex = Type.String({
  pattern: '^[0-9a-f]*$',
  maxLength: 128,
  title: 'at most 128 hex digits, in lower case',
});

/** Lower-case hex: a SHA-256. */
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', title: 'a SHA-256: 64 hex digits, in lower case' });

/** A point in time: RFC 3339, UTC, `2026-11-23T10:00:05.123Z`. */
export const Instant = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{3})?Z$',
  title: 'a point in time in UTC, like 2026-11-23T10:00:05Z',
});

/** Host names as they identify an attester: RFC 1123 names in lower case, so that two spellings cannot be two hosts. */
export const HostName = Type.String({
  pattern: '^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$',
  title: 'a host name in lower case: letters, digits, hyphens and dots, like node1.example.org',
});

const uuid = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
/** In lower case, as OpenStack writes ids. */
export const Uuid = Type.String({ pattern: uuid, title: 'a UUID in lower case' });
export const isUuid = (text: string): boolean => new RegExp(uuid).test(text);

/** The name of an attestation key: hex of what stands in its TPM2B_NAME, a hash algorithm and a digest of 32 to 48 bytes. */
export const AkName = Type.String({ pattern: '^[0-9a-f]{68,100}$' });

export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** @throws AssayError `message-base64` for anything but one canonical spelling of the bytes */
export function fromBase64(text: string, where: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // Node leaves out what is not base64, which makes the bytes too few, and takes RFC 4648, 5 for it as well.
  const whole = text.length === 4 * Math.ceil(bytes.length / 3) && !text.includes('-') && !text.includes('_');
  const last = bytes.subarray(bytes.length - (bytes.length % 3 || 3)); // padding, and bits that belong to no byte
  if (!whole || (bytes.length > 0 && last.toString('base64') !== text.slice(-4)))
    throw new AssayError('message-base64', where, 'base64', text);
  return bytes;
}
