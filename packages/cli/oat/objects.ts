// What does a server of OpenAttestation's API list? OEMs, OSes, MLEs and hosts, read with the habits of all generations in mind.
// Everything here is claimed by that server: sizes have a limit, and nothing is taken for good because of it.
import { AssayError } from '@assay/core';

export type Oem = { name: string; description: string };
export type Os = { name: string; version: string; description: string };
export type Entry = { pcr: string; digest: string };
export type Owner = { oem: string } | { os: string; osVersion: string };
export type Mle = {
  name: string;
  version: string;
  type: 'BIOS' | 'VMM';
  attestationType: string;
  description: string;
  owner: Owner;
  /** Absent: this answer does not tell. */
  entries?: readonly Entry[];
};
/** Columns of a host as the API has them; what is absent, null or the text `null` is not there. */
export type HostRecord = { readonly name: string; readonly fields: Readonly<Partial<Record<HostField, string>>> };
export const hostFields = [
  'IPAddress',
  'Port',
  'BIOS_Name',
  'BIOS_Version',
  'BIOS_Oem',
  'VMM_Name',
  'VMM_Version',
  'VMM_OSName',
  'VMM_OSVersion',
  'AddOn_Connection_String',
  'Description',
  'Email',
  'Location',
] as const;
export type HostField = (typeof hostFields)[number];

/** Longer than any column of theirs. */
const longest = 1_000;
/** PCRs of a TPM, and what somebody may have written beside. */
const mostEntries = 64;

type Claimed = Record<string, unknown>;

/**
 * Jackson writes an array; JAXB of old an object around it, and one thing alone without an array.
 * @throws AssayError `oat-answer`
 */
export function listIn(json: unknown, where: string, most: number): unknown[] {
  const list = unwrapped(json);
  if (list === undefined) throw new AssayError('oat-answer', where, 'a list as JSON', json);
  if (list.length > most) throw new AssayError('oat-answer', where, `at most ${most} entries`, list.length);
  return list;
}

function unwrapped(json: unknown): unknown[] | undefined {
  if (Array.isArray(json)) return json;
  if (json === null) return [];
  if (typeof json !== 'object') return undefined;
  const [inside, ...more] = Object.values(json);
  if (more.length > 0 || typeof inside === 'string') return undefined;
  if (Array.isArray(inside)) return inside;
  return inside === undefined || inside === null ? [] : [inside];
}

/** @throws AssayError `oat-answer` */
export function oemOf(value: unknown): Oem {
  const claimed = objectOf(value, 'OEM');
  return { name: needed(claimed, 'Name', 'OEM'), description: textOf(claimed, 'Description', 'OEM') ?? '' };
}

/** @throws AssayError `oat-answer` */
export function osOf(value: unknown): Os {
  const claimed = objectOf(value, 'OS');
  return {
    name: needed(claimed, 'Name', 'OS'),
    version: needed(claimed, 'Version', 'OS'),
    description: textOf(claimed, 'Description', 'OS') ?? '',
  };
}

/** @throws AssayError `oat-answer` */
export function mleOf(value: unknown): Mle {
  const claimed = objectOf(value, 'MLE');
  const name = needed(claimed, 'Name', 'MLE');
  const where = `MLE ${name}`;
  const type = needed(claimed, 'MLE_Type', where);
  if (type !== 'BIOS' && type !== 'VMM') throw new AssayError('oat-answer', where, 'MLE_Type BIOS or VMM', type);
  const entries = entriesOf(claimed['MLE_Manifests'], where);
  return {
    name,
    version: needed(claimed, 'Version', where),
    type,
    attestationType: textOf(claimed, 'Attestation_Type', where) ?? 'PCR',
    description: textOf(claimed, 'Description', where) ?? '',
    owner:
      type === 'BIOS'
        ? { oem: needed(claimed, 'OemName', where) }
        : { os: needed(claimed, 'OsName', where), osVersion: needed(claimed, 'OsVersion', where) },
    ...(entries && { entries }),
  };
}

/** @throws AssayError `oat-answer` */
export function hostOf(value: unknown): HostRecord {
  const claimed = objectOf(value, 'host');
  const name = needed(claimed, 'HostName', 'host');
  const fields = hostFields.flatMap((field) => {
    const text = claimed[field] === '' ? '' : textOf(claimed, field, `host ${name}`);
    return text === undefined ? [] : [[field, text]];
  });
  return { name, fields: Object.fromEntries(fields) };
}

/** Query parameters and JSON fields that say whose a MLE is. */
export const ownerFields = (owner: Owner): { oemName?: string; osName?: string; osVersion?: string } =>
  'oem' in owner ? { oemName: owner.oem } : { osName: owner.os, osVersion: owner.osVersion };

/** Bits of a digest by its length; 0: none that is one. */
export function bankOf(digest: string): 'sha1' | 'sha256' | 'sha384' | undefined {
  if (!/^[0-9a-f]*$/i.test(digest)) return undefined;
  return ({ 40: 'sha1', 64: 'sha256', 96: 'sha384' } as const)[digest.length];
}

function entriesOf(value: unknown, where: string): Entry[] | undefined {
  if (value === undefined || value === null || value === 'null') return undefined;
  const list = Array.isArray(value) ? value : [value];
  if (list.length > mostEntries)
    throw new AssayError('oat-answer', where, `at most ${mostEntries} white list entries`, list.length);
  return list.map((entry) => {
    const claimed = objectOf(entry, where);
    return { pcr: needed(claimed, 'Name', where), digest: textOf(claimed, 'Value', where) ?? '' };
  });
}

function objectOf(value: unknown, where: string): Claimed {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claimed;
  throw new AssayError('oat-answer', where, 'an object', value);
}

function needed(claimed: Claimed, field: string, where: string): string {
  const text = textOf(claimed, field, where);
  if (text === undefined) throw new AssayError('oat-answer', where, field, 'none');
  return text;
}

function textOf(claimed: Claimed, field: string, where: string): string | undefined {
  const value = claimed[field];
  if (typeof value === 'number') return String(value);
  if (value === undefined || value === null || value === '' || value === 'null') return undefined;
  if (typeof value !== 'string' || value.length > longest)
    throw new AssayError('oat-answer', `${where}, ${field}`, `text of at most ${longest} characters`, value);
  return value;
}
