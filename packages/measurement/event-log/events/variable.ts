// EV_EFI_VARIABLE_*: a UEFI variable as the firmware read it (PFP §10.2.6): Secure Boot state and keys, boot order.
// The digest covers the whole structure, for EV_EFI_VARIABLE_BOOT alone only the variable's value on most firmware.
import { struct, take, within } from '@assay/core';
import { Guid, length64, ucs2 } from '../../uefi/primitives.ts';
import { keyName, keysOf, type SignatureList } from '../../uefi/signature-list.ts';
import { meaningOf, type VariableMeaning } from '../../uefi/variable-meaning.ts';
import { allOfData, type EventType, type Say } from '../event-type.ts';

/** `guid` of the vendor, lower case; `name` exactly as measured, so that no look-alike equals it. */
export type VariableContent = { guid: string; name: string; value: Uint8Array; meaning: VariableMeaning };

/** UEFI_VARIABLE_DATA: GUID, the lengths of name (in UTF-16 units) and value, name, value. */
const Head = struct({ guid: Guid, nameLength: length64, valueLength: length64 });

const read =
  (single: boolean) =>
  (data: Uint8Array, say: Say): VariableContent => {
    const where = say('UEFI_VARIABLE_DATA');
    const c = { bytes: data, at: 0 };
    const { guid, nameLength, valueLength } = Head.read(c, where);
    const name = ucs2(take(c, nameLength * 2, within(where, '.unicodeName')));
    const value = take(c, valueLength, within(where, '.variableData'));
    return { guid, name, value, meaning: meaningOf(guid, name, value, single) };
  };

function inWords({ value, meaning }: VariableContent): string {
  switch (meaning.is) {
    case 'flag':
      return meaning.on === undefined ? 'empty' : meaning.on ? 'on' : 'off';
    case 'keys':
      return value.length === 0 ? 'empty' : keysInWords(meaning.lists);
    case 'authority':
      return keyName(meaning.key);
    case 'text':
      return `“${meaning.text.trim()}”`;
    case 'order':
      return orderInWords(meaning.entries);
    case 'load-option':
      return `“${meaning.option.description}”, ${meaning.option.path}${meaning.option.active ? '' : ', not active'}`;
    default:
      return `${value.length} bytes`;
  }
}

function orderInWords(entries: readonly number[]): string {
  const words = entries.slice(0, 64).map((entry) => `Boot${entry.toString(16).toUpperCase().padStart(4, '0')}`);
  return words.join(', ') + (entries.length > 64 ? `, … (${entries.length})` : '');
}

/** Certificates are few and have names, hashes are many and have none. */
function keysInWords(lists: readonly SignatureList[]): string {
  const counts = new Map<string, number>();
  for (const { type, count } of lists) counts.set(type, (counts.get(type) ?? 0) + count);
  const words = [...counts]
    .slice(0, 8)
    .map(([type, count]) => (type === 'x509' ? many(count, 'certificate') : many(count, `${type} hash`)));
  const names: string[] = [];
  for (const key of keysOf(lists.filter(({ type }) => type === 'x509').slice(0, 8)))
    if (names.push(keyName(key)) === 8) break;
  return words.join(', ') + (names.length ? ` (${names.join('; ')})` : '');
}

const many = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : what.endsWith('h') ? 'es' : 's'}`;

const variable = {
  kind: 'variable',
  read: read(false),
  describe: (content: VariableContent) => `variable ${content.name}: ${inWords(content)}`,
  doubt: ({ meaning }: VariableContent) => (meaning.is === 'malformed' ? meaning.reason : undefined),
} as const;

export const variables: EventType<'variable'>[] = [
  { number: 0x8000_0001, name: 'EV_EFI_VARIABLE_DRIVER_CONFIG', ...variable, covers: allOfData },
  { number: 0x8000_0002, name: 'EV_EFI_VARIABLE_BOOT', ...variable, covers: ({ value }, data) => [value, data] },
  { number: 0x8000_000c, name: 'EV_EFI_VARIABLE_BOOT2', ...variable, covers: allOfData },
  {
    number: 0x8000_00e0,
    name: 'EV_EFI_VARIABLE_AUTHORITY',
    ...variable,
    read: read(true),
    // Shims of Ubuntu 18.04's time leave the last byte out.
    covers: (_content, data) => [data, data.subarray(0, -1)],
  },
  // Of devices that prove themselves to the firmware (SPDM).
  { number: 0x8000_00e3, name: 'EV_EFI_SPDM_DEVICE_POLICY', ...variable, mayCover: allOfData },
  { number: 0x8000_00e4, name: 'EV_EFI_SPDM_DEVICE_AUTHORITY', ...variable, read: read(true), mayCover: allOfData },
];
