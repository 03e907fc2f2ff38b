// Which TPM does its vendor say this is: maker, model, version (TCG EK Credential Profile, §3.2.9; RFC 5280, §4.2.1.6)?
// Read from the certificate's DER: printed names can be made to look like several. Text of whoever signed it, for people;
// nothing is decided by it but that it is there, once.
import { AssayError, escaped } from '@assay/core';
import { type Der, expectTag, oidText, sequenceIn, tags } from '@assay/core/der';

export type TpmNames = {
  /** `IFX` where it is the TCG's id of a vendor, as `id:49465800` is; else as it stands. */
  manufacturer: string;
  model: string;
  version: string;
};

const attributes: Record<string, keyof TpmNames> = {
  '2.23.133.2.1': 'manufacturer',
  '2.23.133.2.2': 'model',
  '2.23.133.2.3': 'version',
};
const directoryName = 0xa4;
/** UTF8String, PrintableString, IA5String. */
const texts = [0x0c, 0x13, 0x16];
const longest = 256;

/**
 * Vendors write the three as one relative name of three attributes or as three of one each: both are right, and each
 * attribute counts wherever it stands.
 * @param value of subjectAltName: GeneralNames
 * @throws AssayError `certificate`, `der`
 */
export function tpmNames(value: Uint8Array, where: string): TpmNames {
  const bad = (expected: string, got: unknown) => new AssayError('certificate', where, expected, got);
  const directories = sequenceIn(value, where).filter(({ tag }) => tag === directoryName);
  if (directories.length !== 1) throw bad('one directoryName', directories.length);
  const [name, ...more] = directories[0]?.children ?? [];
  if (more.length > 0) throw bad('one Name in directoryName', more.length + 1);
  const found = new Map<keyof TpmNames, string>();
  for (const relative of expectTag(name, tags.sequence, where).children)
    for (const { children } of expectTag(relative, tags.set, where).children) {
      const [type, text, ...rest] = children;
      const known = attributes[oidText(type, where)];
      if (!known) continue;
      if (found.has(known)) throw bad(`${known} once`, 'it twice');
      if (rest.length > 0) throw bad(`one value of ${known}`, rest.length + 1);
      found.set(known, textOf(text, known, where));
    }
  const [manufacturer, model, version] = (['manufacturer', 'model', 'version'] as const).map((part) => {
    const text = found.get(part);
    if (text === undefined) throw bad(`the TPM’s ${part}`, 'none');
    return text;
  }) as [string, string, string];
  return { manufacturer: vendorId(manufacturer), model, version };
}

function textOf(element: Der | undefined, part: string, where: string): string {
  const { tag = 0, content = new Uint8Array() } = element ?? {};
  if (!texts.includes(tag) || content.length === 0 || content.length > longest)
    throw new AssayError('certificate', where, `${part} as text of 1 to ${longest} bytes`, element?.whole ?? 'nothing');
  return escaped(Buffer.from(content).toString('utf8'));
}

/** Four characters in hex, filled up with zeros or blanks (TCG Vendor ID Registry). */
function vendorId(text: string): string {
  const hex = /^id:([0-9a-f]{8})$/i.exec(text)?.[1];
  const id = hex
    ? Buffer.from(hex, 'hex')
        .toString('latin1')
        .replace(/[\0 ]+$/, '')
    : '';
  return /^[\x21-\x7e]+$/.test(id) ? id : text;
}
