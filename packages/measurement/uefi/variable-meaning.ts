// What does the value of this UEFI variable mean? By vendor and name together: a look-alike means nothing (L33).
import { AssayError } from '@assay/core';
import { type LoadOption, readLoadOption } from './load-option.ts';
import { latin1, printable, withoutNuls } from './primitives.ts';
import { type Key, readKey, readSignatureLists, type SignatureList } from './signature-list.ts';

export type VariableMeaning =
  /** SecureBoot and its kind. `on` undefined: the variable is empty, the firmware does not say. */
  | { is: 'flag'; on: boolean | undefined }
  /** PK, KEK, db, dbx, MokList, …: all of it. */
  | { is: 'keys'; lists: readonly SignatureList[] }
  /** The one key of such a list that vouched for an image. */
  | { is: 'authority'; key: Key }
  /** SbatLevel. */
  | { is: 'text'; text: string }
  /** BootOrder: numbers of Boot####, in order. */
  | { is: 'order'; entries: readonly number[] }
  | { is: 'load-option'; option: LoadOption }
  /** A variable nobody knows. */
  | { is: 'bytes' }
  /** A known variable that does not hold what it should. */
  | { is: 'malformed'; reason: string };

/** EFI_GLOBAL_VARIABLE */
export const globalVariable = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
/** EFI_IMAGE_SECURITY_DATABASE_GUID */
export const imageSecurityDatabase = 'd719b2cb-3d3a-4596-a3bc-dad00e67656f';
/** SHIM_LOCK_GUID */
export const shimLock = '605dab50-e046-4300-abb6-3dd810dd8b23';
/** EFI_DEVICE_SIGNATURE_DATABASE_GUID, of SPDM */
const deviceDatabase = 'b9c2b4f4-bf5f-462d-8adf-c5c70ac35dad';

type Sort = 'flag' | 'keys' | 'text' | 'order';
const named: Record<string, Record<string, Sort>> = {
  [globalVariable]: {
    SecureBoot: 'flag',
    SetupMode: 'flag',
    AuditMode: 'flag',
    DeployedMode: 'flag',
    PK: 'keys',
    KEK: 'keys',
    BootOrder: 'order',
    DriverOrder: 'order',
    SysPrepOrder: 'order',
  },
  [imageSecurityDatabase]: { db: 'keys', dbx: 'keys', dbt: 'keys', dbr: 'keys' },
  [shimLock]: {
    MokList: 'keys',
    MokListRT: 'keys',
    MokListX: 'keys',
    MokListXRT: 'keys',
    vendor_db: 'keys',
    vendor_dbx: 'keys',
    Shim: 'keys',
    MokListTrusted: 'flag',
    MokListTrustedRT: 'flag',
    MokSBState: 'flag',
    MokSBStateRT: 'flag',
    SbatLevel: 'text',
    SbatLevelRT: 'text',
  },
  [deviceDatabase]: { devdb: 'keys' },
};

const loadOption = /^(Boot|Driver|SysPrep|PlatformRecovery)[0-9A-Fa-f]{4}$/;

/** @param single the value is the one key that was used, not the whole list (EV_EFI_VARIABLE_AUTHORITY) */
export function meaningOf(guid: string, name: string, value: Uint8Array, single: boolean): VariableMeaning {
  try {
    const of = named[guid];
    const sort = of && Object.hasOwn(of, name) ? of[name] : undefined;
    if (sort === 'flag') return { is: 'flag', on: flag(value) };
    if (sort === 'text') return text(value);
    if (sort === 'order') return { is: 'order', entries: order(value) };
    if (sort === 'keys' && single) return authority(value);
    if (sort === 'keys') return { is: 'keys', lists: readSignatureLists(value) };
    if (guid === globalVariable && loadOption.test(name)) return { is: 'load-option', option: readLoadOption(value) };
    return { is: 'bytes' };
  } catch (error) {
    if (error instanceof AssayError) return { is: 'malformed', reason: error.message };
    throw error;
  }
}

function flag(value: Uint8Array): boolean | undefined {
  if (value.length === 0) return undefined;
  if (value.length === 1 && (value[0] === 0 || value[0] === 1)) return value[0] === 1;
  throw new AssayError('variable', 'UEFI_VARIABLE_DATA.variableData', '0 or 1, in one byte', value);
}

function order(value: Uint8Array): number[] {
  if (value.length % 2)
    throw new AssayError('variable', 'UEFI_VARIABLE_DATA.variableData', 'an even number of bytes', value.length);
  const entries: number[] = [];
  for (let i = 0; i < value.length; i += 2) entries.push((value[i] ?? 0) + 256 * (value[i + 1] ?? 0));
  return entries;
}

/** Lines of printable ASCII. */
function text(value: Uint8Array): VariableMeaning {
  const lines = withoutNuls(latin1(value));
  if (/^[\x20-\x7e\n\r\t]*$/.test(lines)) return { is: 'text', text: lines };
  throw new AssayError('variable', 'UEFI_VARIABLE_DATA.variableData', 'lines of text', value);
}

/** EFI_SIGNATURE_DATA, shim's own certificate without an owner, or its SBAT level under the name of a list (L31). */
function authority(value: Uint8Array): VariableMeaning {
  const said = printable(value.subarray(0, 5));
  if (said === 'sbat,') return text(value);
  if (isDer(value)) return { is: 'authority', key: { type: 'x509', owner: '', data: value } };
  if (value.length < 16) throw new AssayError('variable', 'EFI_SIGNATURE_DATA', 'an owner of 16 bytes', value.length);
  const key = readKey(value);
  return { is: 'authority', key: { type: isDer(key.data) ? 'x509' : (hashes[key.data.length] ?? 'unknown'), ...key } };
}

const hashes: Record<number, string> = { 20: 'sha1', 32: 'sha256', 48: 'sha384', 64: 'sha512' };

/** A DER SEQUENCE with a length of two bytes, as every certificate is, that ends where the value does. */
const isDer = (value: Uint8Array): boolean =>
  value[0] === 0x30 && value[1] === 0x82 && (value[2] ?? 0) * 256 + (value[3] ?? 0) + 4 === value.length;
