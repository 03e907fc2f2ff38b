// Which MLE does a request mean? A BIOS by name, version and OEM; a VMM by name, version and OS.
import type { ListOwner } from '../../changes/white-list.ts';
import type { MleKey, MleType } from '../../storage/oat-mles.ts';
import { vendorOfOs } from '../../storage/oat-owners.ts';
import { OatError } from '../errors.ts';
import { longest, type Told, textOf } from '../input.ts';

/** Who owns it, as it was told. */
export type Owner = { readonly oem: string } | { readonly os: string; readonly osVersion: string };
export type NamedMle = MleKey & { readonly owner: Owner };

/** How the properties are called: in a MLE object, in queries and PCR objects. */
const spellings = {
  object: { name: 'Name', version: 'Version', oem: 'OemName', os: 'OsName', osVersion: 'OsVersion' },
  query: {
    name: ['mleName', 'MLEName'],
    version: ['mleVersion', 'MLEVersion'],
    oem: ['oemName', 'OEMName'],
    os: ['osName', 'OSName'],
    osVersion: ['osVersion', 'OSVersion'],
  },
} as const;

/**
 * @throws OatError `WS_MLE_DATA_MISSING` naming what is missing, `WS_OEM_OS_DATA_CANNOT_COEXIST`; `SYSTEM_ERROR` for a type that is none, or not that
 * of its owner
 */
export function mleOf(told: Told, spelling: keyof typeof spellings): NamedMle {
  const of = spellings[spelling];
  const needed = (names: string | readonly string[]): string => {
    const text = textOf(told, names);
    if (text === undefined) throw new OatError('WS_MLE_DATA_MISSING', [String([names].flat()[0])]);
    return text;
  };
  const name = needed(of.name);
  const version = needed(of.version);
  const [oem, os, osVersion] = [textOf(told, of.oem), textOf(told, of.os), textOf(told, of.osVersion)];
  if (oem !== undefined && (os !== undefined || osVersion !== undefined))
    throw new OatError('WS_OEM_OS_DATA_CANNOT_COEXIST');
  if (oem === undefined && os === undefined && osVersion === undefined)
    throw new OatError('WS_MLE_DATA_MISSING', ['OEM/OS']);
  const type = oem === undefined ? 'VMM' : 'BIOS';
  checkType(told, type, spelling === 'object');
  if (oem !== undefined) return { type, name, version, vendor: oem, owner: { oem } };
  // A vendor that was learnt may have no version behind it.
  const owner = { os: needed(of.os), osVersion: spelling === 'query' ? (osVersion ?? '') : needed(of.osVersion) };
  return { type, name, version, vendor: vendorIn({ name: owner.os, version: owner.osVersion }), owner };
}

/** Of an OS. @throws OatError `SYSTEM_ERROR` for one too long for a reference value */
export function vendorIn(os: { readonly name: string; readonly version: string }): string {
  const vendor = vendorOfOs(os);
  if (vendor.length <= longest) return vendor;
  throw new OatError('SYSTEM_ERROR', [`OS: expected at most ${longest} characters of name and version together`]);
}

function checkType(told: Told, type: MleType, isObject: boolean): void {
  const given = isObject ? textOf(told, 'MLE_Type') : undefined;
  if (given !== undefined && given !== 'BIOS' && given !== 'VMM')
    throw new OatError('SYSTEM_ERROR', ['MLE_Type: expected BIOS or VMM']);
  if (given !== undefined && given !== type)
    throw new OatError('WS_MLE_DATA_MISSING', [given === 'BIOS' ? 'OemName' : 'OsName']);
}

const componentNames = { BIOS: 'firmware', VMM: 'hypervisor' } as const satisfies Record<MleType, string>;

/** As reference values name it. */
export const ownerOf = ({ type, name, version, vendor }: MleKey): ListOwner => ({
  ...{ name, version, vendor },
  component: componentNames[type],
});

export const typeOf = (component: string): MleType | undefined =>
  (['BIOS', 'VMM'] as const).find((type) => componentNames[type] === component);

/** A BIOS's OEM, or a VMM's OS, that is not there. */
export const noOwner = (owner: Owner): OatError =>
  'oem' in owner
    ? new OatError('WS_OEM_DOES_NOT_EXIST', [owner.oem])
    : new OatError('WS_OS_DOES_NOT_EXIST', [owner.os, owner.osVersion]);

export const noMle = ({ name, version }: MleKey): OatError => new OatError('WS_MLE_DOES_NOT_EXIST', [name, version]);

/** As the white list of PCRs tells it. */
export const noMleOf = ({ name, version, owner }: NamedMle): OatError =>
  'oem' in owner
    ? new OatError('WS_MLE_OEM_DOES_NOT_EXIST', [name, version, owner.oem])
    : new OatError('WS_MLE_OS_DOES_NOT_EXIST', [name, version, owner.os, owner.osVersion]);
