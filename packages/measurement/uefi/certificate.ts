// Whose X.509 certificate is this? Names, serial number and validity as they stand in it, read for people. Nothing is checked:
// no signature, no chain, no time.
import { AssayError, escaped } from '@assay/core';
import { hexText, latin1, utf8 } from './primitives.ts';

export type Certificate = {
  /** `C=US, O=Microsoft Corporation, CN=…`, in the certificate's order; safe to print. */
  subject: string;
  issuer: string;
  /** Hex. */
  serial: string;
  /** As in the certificate: `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`. */
  notBefore: string;
  notAfter: string;
};

/** One DER value: its tag, and where its content lies. */
type Value = { tag: number; start: number; end: number };

const sequence = 0x30;
const set = 0x31;

const bad = (expected: string, at: number): AssayError =>
  new AssayError('certificate', `Certificate at byte ${at}`, expected, 'something else');

/** The value at `at`, which must end by `end`. Lengths of at most four bytes. */
function valueAt(der: Uint8Array, at: number, end: number): Value {
  const [tag, first] = [der[at], der[at + 1]];
  if (tag === undefined || first === undefined || at + 2 > end) throw bad('a DER value', at);
  const more = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || more > 4) throw bad('a DER length', at);
  let length = more ? 0 : first;
  for (let i = 0; i < more; i++) length = length * 256 + (der[at + 2 + i] ?? 0);
  const start = at + 2 + more;
  if (start + length > end) throw bad('a DER value within its bounds', at);
  return { tag, start, end: start + length };
}

/** The values within a value, in order; at most `most`. */
function within(der: Uint8Array, { start, end }: Value, most: number): Value[] {
  const values: Value[] = [];
  for (let at = start; at < end && values.length < most; at = values.at(-1)?.end ?? end)
    values.push(valueAt(der, at, end));
  return values;
}

/** X.520 and PKCS#9 attribute types, by the DER of their object identifier. */
const attributes: Record<string, string> = {
  '550403': 'CN',
  '550404': 'SN',
  '550405': 'serialNumber',
  '550406': 'C',
  '550407': 'L',
  '550408': 'ST',
  '550409': 'street',
  '55040a': 'O',
  '55040b': 'OU',
  '55040c': 'title',
  '55042a': 'GN',
  '2a864886f70d010901': 'emailAddress',
  '0992268993f22c640119': 'DC',
  '0992268993f22c640101': 'UID',
};

function textOf(der: Uint8Array, { tag, start, end }: Value): string {
  const bytes = der.subarray(start, end);
  if (tag === 0x0c) return utf8(bytes);
  if (tag === 0x13 || tag === 0x14 || tag === 0x16 || tag === 0x12) return latin1(bytes);
  if (tag === 0x1e)
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString('utf16le');
  return `#${hexText(bytes)}`;
}

/** Name (RFC 5280, §4.1.2.4). What separates its parts is escaped within them. */
function nameOf(der: Uint8Array, name: Value): string {
  if (name.tag !== sequence) throw bad('Name', name.start);
  const parts = within(der, name, 64).map((rdn) => {
    if (rdn.tag !== set) throw bad('RelativeDistinguishedName', rdn.start);
    return within(der, rdn, 8).map((pair) => {
      const [type, value] = within(der, pair, 2);
      if (!type || !value) throw bad('AttributeTypeAndValue', pair.start);
      const oid = hexText(der.subarray(type.start, type.end));
      return `${attributes[oid] ?? oid}=${textOf(der, value).replace(/[,+"\\<>;=]/g, '\\$&')}`;
    });
  });
  return escaped(parts.map((rdn) => rdn.join('+')).join(', '));
}

/** @throws AssayError `certificate` for what is no certificate as far as this reads it */
export function readCertificate(der: Uint8Array): Certificate {
  const whole = valueAt(der, 0, der.length);
  const [tbs] = whole.tag === sequence ? within(der, whole, 1) : [];
  if (tbs?.tag !== sequence) throw bad('TBSCertificate', 0);
  const fields = within(der, tbs, 6);
  const [serial, , issuer, validity, subject] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
  if (serial?.tag !== 0x02 || !issuer || validity?.tag !== sequence || !subject) throw bad('TBSCertificate', tbs.start);
  const [notBefore = '', notAfter = ''] = within(der, validity, 2).map((time) =>
    escaped(textOf(der, { ...time, tag: 0x16 })),
  );
  return {
    subject: nameOf(der, subject),
    issuer: nameOf(der, issuer),
    serial: hexText(der.subarray(serial.start, serial.end)),
    notBefore,
    notAfter,
  };
}
