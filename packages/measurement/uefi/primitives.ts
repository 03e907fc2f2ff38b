// The small types UEFI's structures are made of: GUIDs, UTF-16 text, whatever is left at the end.
import { bytes, type Codec, take } from '@assay/core';

/** EFI_GUID as text, lower case: its first three fields are little-endian numbers (UEFI 2.10, appendix A). */
export const Guid: Codec<string> = {
  read: (c, where) => guidText(bytes(16).read(c, where)),
  write(out, text) {
    const plain = Buffer.from(text.replaceAll('-', ''), 'hex');
    bytes(16).write(out, swapped(plain));
  },
};

/** The bytes up to the end of the message. */
export const remaining: Codec<Uint8Array> = {
  read: (c, where) => take(c, c.bytes.length - c.at, where),
  write: (out, value) => out.append(value),
};

/** UTF-16, little-endian, NULs included. What is no text comes out as U+FFFD, so that it equals no name. */
export const ucs2 = (text: Uint8Array): string => new TextDecoder('utf-16le', { ignoreBOM: true }).decode(text);

/** @param guid the 16 bytes of an EFI_GUID  @returns `8be4df61-93ca-11d2-aa0d-00e098032b8c` */
export function guidText(guid: Uint8Array): string {
  const hex = Buffer.from(swapped(guid)).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const swapped = (guid: Uint8Array): Uint8Array => {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Uint8Array.from(order, (from) => guid[from] ?? 0);
};
