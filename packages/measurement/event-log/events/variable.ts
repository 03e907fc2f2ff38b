// EV_EFI_VARIABLE_*: a UEFI variable as the firmware read it (PFP §10.2.6): Secure Boot state and keys, boot order.
// The digest covers the whole structure, for EV_EFI_VARIABLE_BOOT alone only the variable's value on most firmware.
import { struct, take, u64le } from '@assay/core';
import { Guid, ucs2 } from '../../uefi/primitives.ts';
import { allOfData, type EventType } from '../event-type.ts';

/** `guid` of the vendor, lower case; `name` exactly as measured, so that no look-alike equals it. */
export type VariableContent = { guid: string; name: string; value: Uint8Array };

/** EFI_GLOBAL_VARIABLE */
export const globalVariable = '8be4df61-93ca-11d2-aa0d-00e098032b8c';

/** UEFI_VARIABLE_DATA: GUID, the lengths of name (in UTF-16 units) and value, name, value. */
const Head = struct({ guid: Guid, nameLength: u64le, valueLength: u64le });

function read(data: Uint8Array): VariableContent {
  const c = { bytes: data, at: 0 };
  const { guid, nameLength, valueLength } = Head.read(c, 'UEFI_VARIABLE_DATA');
  const name = take(c, Number(nameLength) * 2, 'UEFI_VARIABLE_DATA.unicodeName');
  const value = take(c, Number(valueLength), 'UEFI_VARIABLE_DATA.variableData');
  return { guid, name: ucs2(name), value };
}

function describe({ guid, name, value }: VariableContent): string {
  if (guid === globalVariable && name === 'SecureBoot')
    return `variable SecureBoot: ${value.length === 0 ? 'empty' : value[0] === 1 ? 'on' : 'off'}`;
  return `variable ${name}, ${value.length} bytes`;
}

const variable = { kind: 'variable', read, describe } as const;

export const variables: EventType<'variable'>[] = [
  { number: 0x8000_0001, name: 'EV_EFI_VARIABLE_DRIVER_CONFIG', ...variable, covers: allOfData },
  {
    number: 0x8000_0002,
    name: 'EV_EFI_VARIABLE_BOOT',
    ...variable,
    covers: ({ value }, data) => [value, data],
  },
  { number: 0x8000_000c, name: 'EV_EFI_VARIABLE_BOOT2', ...variable, covers: allOfData },
  {
    number: 0x8000_00e0,
    name: 'EV_EFI_VARIABLE_AUTHORITY',
    ...variable,
    // Shims of Ubuntu 18.04's time leave the last byte out.
    covers: (_content, data) => [data, data.subarray(0, -1)],
  },
];
