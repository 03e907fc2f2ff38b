// Text and bytes that are kept for long and seldom read: deflated (RFC 1951), in base64.
import { deflateRawSync, inflateRawSync } from 'node:zlib';

export const packed = (data: string | Uint8Array): string => deflateRawSync(data).toString('base64');

/** What `packed` made; whoever could write something else into the database could write verdicts. */
export const unpacked = (text: string): Buffer => inflateRawSync(Buffer.from(text, 'base64'));
