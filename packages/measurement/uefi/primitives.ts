// The small types UEFI's structures are made of: GUIDs, text, whatever is left at the end.
import { bytes, type Codec, take, u64le } from '@assay/core';

/** EFI_GUID as text, lower case: its first three fields are little-endian numbers (UEFI 2.10, appendix A). */
export const Guid: Codec<string> = {
  read: (c, where) => guidText(take(c, 16, where)),
  write(out, text) {
    const plain = Buffer.from(text.replaceAll('-', ''), 'hex');
    const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    bytes(16).write(
      out,
      Uint8Array.from(order, (from) => plain[from] ?? 0),
    );
  },
};

/** The bytes up to the end of the message. */
export const remaining: Codec<Uint8Array> = {
  read: (c, where) => take(c, c.bytes.length - c.at, where),
  write: (out, value) => out.append(value),
};

/** A 64-bit count or length as a number; what is too long to be exact is too long anyway. */
export const length64: Codec<number> = {
  read: (c, where) => Number(u64le.read(c, where)),
  write: (out, value) => u64le.write(out, BigInt(value)),
};

/** A view, for its ways to make text. */
const buffer = (data: Uint8Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.length);

/** @param data any bytes  @returns two hexadecimal digits a byte */
export const hexText = (data: Uint8Array): string => buffer(data).toString('hex');

/** Each byte one character. */
export const latin1 = (text: Uint8Array): string => buffer(text).toString('latin1');

/** UTF-8; what is no text comes out as U+FFFD. */
export const utf8 = (text: Uint8Array): string => buffer(text).toString('utf8');

/** UTF-16, little-endian, NULs and lone surrogates included: two texts are equal only if their bytes are. An odd byte at the end is left out. */
export const ucs2 = (text: Uint8Array): string => buffer(text).toString('utf16le');

/** Text without the NULs behind it. */
export function withoutNuls(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** Text of a field that may hold anything, without NULs at its end; undefined when it is no printable ASCII. */
export function printable(data: Uint8Array): string | undefined {
  const text = withoutNuls(latin1(data));
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}

/** @param guid the 16 bytes of an EFI_GUID  @returns `8be4df61-93ca-11d2-aa0d-00e098032b8c` */
export function guidText(guid: Uint8Array): string {
  const h = hexText(guid);
  const two = (at: number) => h.slice(2 * at, 2 * at + 2);
  return `${two(3)}${two(2)}${two(1)}${two(0)}-${two(5)}${two(4)}-${two(7)}${two(6)}-${h.slice(16, 20)}-${h.slice(20, 32)}`;
}
