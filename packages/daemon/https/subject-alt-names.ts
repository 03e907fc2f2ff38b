// Which names does a certificate's subjectAltName hold? A strict reading of the DER, and of nothing else in the certificate.
import { AssayError } from '@assay/core';

export type AltName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'other'; readonly tag: number };

type Element = { tag: number; content: Uint8Array; end: number };

const sequence = 0x30;
const extensions = 0xa3; // [3] EXPLICIT in TBSCertificate (RFC 5280 §4.1)
const subjectAltName = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x11]); // 2.5.29.17
const dnsName = 0x82; // [2] IA5String in GeneralName (RFC 5280 §4.2.1.6)

/** @throws AssayError `tls-peer` for bytes that are not DER, and for a certificate with the extension twice */
export function subjectAltNames(der: Uint8Array, where: string): AltName[] {
  const [certificate] = elements(der);
  const [tbs] = elements(expect(certificate, sequence));
  const wrapper = elements(expect(tbs, sequence)).find(({ tag }) => tag === extensions);
  if (!wrapper) return [];
  const [all] = elements(wrapper.content);
  const found = elements(expect(all, sequence)).flatMap((extension) => {
    const parts = elements(expect(extension, sequence));
    const isIt = subjectAltName.equals(extension.content.subarray(0, parts[0]?.end ?? 0));
    return isIt ? [expect(parts.at(-1), 0x04)] : [];
  });
  if (found.length > 1) throw broken('subjectAltName once', 'twice');
  const [value] = found;
  if (!value) return [];
  const [names, ...rest] = elements(value);
  if (rest.length > 0) throw broken('one list of names', rest.length + 1);
  return elements(expect(names, sequence)).map(({ tag, content }) => {
    if (tag !== dnsName) return { kind: 'other', tag };
    if (content.some((byte) => byte < 0x21 || byte > 0x7e)) throw broken('a DNS name in visible ASCII', content);
    return { kind: 'dns', value: Buffer.from(content).toString('ascii') };
  });

  function expect(element: Element | undefined, tag: number): Uint8Array {
    if (element?.tag !== tag) throw broken(`DER tag 0x${tag.toString(16)}`, element?.tag);
    return element.content;
  }

  function elements(bytes: Uint8Array): Element[] {
    const list: Element[] = [];
    for (let at = 0; at < bytes.length; ) {
      const tag = bytes[at] as number;
      let length = bytes[at + 1];
      let start = at + 2;
      if (length === undefined || (tag & 0x1f) === 0x1f) throw broken('a DER element', bytes.subarray(at, at + 2));
      if (length > 0x80 && length <= 0x83) {
        const digits = bytes.subarray(start, start + length - 0x80);
        start += digits.length;
        length = digits.reduce((sum, byte) => sum * 256 + byte, 0);
        if (length < 0x80 || digits[0] === 0) throw broken('the shortest form of a DER length', digits);
      } else if (length >= 0x80) throw broken('a definite DER length below 16 MiB', length);
      const end = start + length;
      if (end > bytes.length) throw broken(`${length} bytes of content`, bytes.length - start);
      list.push({ tag, content: bytes.subarray(start, end), end });
      at = end;
    }
    return list;
  }

  function broken(expected: string, got: unknown): AssayError {
    return new AssayError('tls-peer', where, expected, got);
  }
}
