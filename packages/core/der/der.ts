// What does this DER say (X.690)? Strict: one encoding for each value, nothing behind the end, limited depth.
import { AssayError } from '../errors.ts';

/** One element. `content` and `whole` are views; `children` only of constructed ones. */
export type Der = {
  /** Identifier octet: class, constructed bit and number. */
  tag: number;
  content: Uint8Array;
  whole: Uint8Array;
  children: Der[];
};

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const deepest = 16;

const bad = (where: string, at: number, expected: string, got: unknown) =>
  new AssayError('der', `${where} at byte ${at}`, expected, got);

/** @throws AssayError `der` unless the bytes are exactly one element, strictly encoded all the way down */
export function readDer(bytes: Uint8Array, where: string): Der {
  const { element, end } = readElement(bytes, 0, where, 0);
  if (end !== bytes.length) throw bad(where, end, 'the end', `${bytes.length - end} more bytes`);
  return element;
}

function readElement(bytes: Uint8Array, at: number, where: string, depth: number): { element: Der; end: number } {
  if (depth > deepest) throw bad(where, at, `at most ${deepest} levels`, 'more');
  const tag = bytes[at];
  if (tag === undefined) throw bad(where, at, 'an element', 'the end');
  if ((tag & 0x1f) === 0x1f) throw bad(where, at, 'a tag number below 31', `0x${tag.toString(16)}`);
  const { length, start } = readLength(bytes, at + 1, where);
  const end = start + length;
  if (end > bytes.length) throw bad(where, at, `${length} bytes of content`, bytes.length - start);
  const content = bytes.subarray(start, end);
  const children: Der[] = [];
  if (tag & 0x20)
    for (let next = start; next < end; ) {
      const child = readElement(bytes.subarray(0, end), next, where, depth + 1);
      children.push(child.element);
      next = child.end;
    }
  return { element: { tag, content, whole: bytes.subarray(at, end), children }, end };
}

/** Definite, and in as few bytes as it can be written (X.690, §10.1). An indefinite one has no octets, and so is 0 here. */
function readLength(bytes: Uint8Array, at: number, where: string): { length: number; start: number } {
  const first = bytes[at];
  if (first === undefined) throw bad(where, at, 'a length', 'the end');
  if (first < 0x80) return { length: first, start: at + 1 };
  const count = first & 0x7f;
  const start = at + 1 + count;
  const octets = bytes.subarray(at + 1, start);
  const length = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  if (count > 4 || octets.length < count || octets[0] === 0 || length < 0x80)
    throw bad(where, at, 'a definite length in its shortest form', octets);
  return { length, start };
}

/** The content of an element that has to have this tag. @throws AssayError `der` */
export function expectTag(element: Der | undefined, tag: number, where: string): Der {
  if (element?.tag !== tag)
    throw new AssayError('der', where, `tag 0x${tag.toString(16)}`, element ? `0x${element.tag.toString(16)}` : 'none');
  return element;
}

/** The elements of the one SEQUENCE these bytes are, as in most extensions. @throws AssayError `der` */
export const sequenceIn = (bytes: Uint8Array, where: string): readonly Der[] =>
  expectTag(readDer(bytes, where), tags.sequence, where).children;

/** OBJECT IDENTIFIER as dotted text. @throws AssayError `der` */
export function oidText(element: Der | undefined, where: string): string {
  const { content } = expectTag(element, tags.oid, where);
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const [i, octet] of content.entries()) {
    if (octet === 0x80 && (content[i - 1] ?? 0) < 0x80) throw bad(where, i, 'the shortest form of an OID', content);
    arc = arc * 128n + BigInt(octet & 0x7f);
    if (octet & 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  if (content.length === 0 || content.length > 64 || ((content.at(-1) ?? 0) & 0x80) !== 0)
    throw bad(where, 0, 'an OID', content);
  const [joint = 0n, ...rest] = arcs;
  const first = joint < 80n ? joint / 40n : 2n;
  return [first, joint - first * 40n, ...rest].join('.');
}

/** INTEGER, its bytes without the sign byte. @throws AssayError `der` when negative or not in its shortest form */
export function positiveInteger(element: Der | undefined, where: string): Uint8Array {
  const { content } = expectTag(element, tags.integer, where);
  const [first, second = 0x80] = content;
  if (first === undefined || (first === 0 && second < 0x80))
    throw bad(where, 0, 'an integer in its shortest form', content);
  if (first >= 0x80) throw bad(where, 0, 'a number that is not negative', content);
  return first === 0 && content.length > 1 ? content.subarray(1) : content;
}

/** BOOLEAN: only 00 and FF (X.690, §11.1). @throws AssayError `der` */
export function boolean(element: Der, where: string): boolean {
  const { content } = expectTag(element, tags.boolean, where);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw bad(where, 0, '00 or ff', content);
  return content[0] === 0xff;
}

/** BIT STRING of whole bytes. @throws AssayError `der` */
export function octetsOfBits(element: Der | undefined, where: string): Uint8Array {
  const { content } = expectTag(element, tags.bitString, where);
  if (content[0] !== 0) throw bad(where, 0, 'no unused bits', content[0]);
  return content.subarray(1);
}

/** UTCTime (two digits: 1950–2049) or GeneralizedTime, UTC, with seconds (RFC 5280, §4.1.2.5). @throws AssayError `der` */
export function time(element: Der | undefined, where: string): Date {
  const text = Buffer.from(element?.content ?? []).toString('latin1');
  const [short, long] = [/^\d{12}Z$/.test(text), /^\d{14}Z$/.test(text)];
  if (!(element?.tag === tags.utcTime && short) && !(element?.tag === tags.generalizedTime && long))
    throw new AssayError('der', where, 'UTCTime or GeneralizedTime', text);
  const full = long ? text : `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}`;
  const iso = full.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  const date = new Date(iso);
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso)
    throw new AssayError('der', where, 'a date that exists', text);
  return date;
}
