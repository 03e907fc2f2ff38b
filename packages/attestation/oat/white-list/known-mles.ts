// Which MLEs are there? Those somebody wrote, and those that reference values with name and version are: learnt from a golden host, read from packages.
// Who owns one is there as well.
import type { OatMle, OatOem, OatOs, ReferenceValue } from '@assay/protocol';
import { hostsOfMle, type MleKey, mleRows } from '../../storage/oat-mles.ts';
import { oemRows, osRows } from '../../storage/oat-owners.ts';
import type { Db, OatMleRow, OatOsRow } from '../../storage/schema.ts';
import { typeOf } from './mle-key.ts';
import { shownPcrs } from './shown-pcrs.ts';

export type KnownMle = MleKey & {
  readonly oem: string | null;
  readonly os: string | null;
  readonly osVersion: string | null;
  /** Undefined: nobody wrote it. */
  readonly row: OatMleRow | undefined;
  /** In the order they were added, none of them retired. */
  readonly values: readonly ReferenceValue[];
};

/** By name, then version, type and vendor. */
export async function knownMles(db: Db, values: readonly ReferenceValue[]): Promise<KnownMle[]> {
  const oses = await osRows(db);
  const byKey = new Map<string, KnownMle>();
  for (const row of await mleRows(db))
    byKey.set(keyText(row), { ...keyOf(row), oem: row.oem, os: row.os, osVersion: row.os_version, row, values: [] });
  for (const value of values) {
    const type = value.state === 'retired' ? undefined : typeOf(value.component);
    const { name, version, vendor = '' } = value;
    if (!type || !name || !version) continue;
    const key: MleKey = { type, name, version, vendor };
    const known = byKey.get(keyText(key)) ?? { ...key, ...ownerIn(key, oses), row: undefined, values: [] };
    byKey.set(keyText(key), { ...known, values: [...known.values, value] });
  }
  const order = (mle: KnownMle) => [mle.name, mle.version, mle.type, mle.vendor].join('\0');
  return [...byKey.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

const keyOf = ({ type, name, version, vendor }: MleKey): MleKey => ({ type, name, version, vendor });
const keyText = ({ type, name, version, vendor }: MleKey): string => [type, name, version, vendor].join('\0');

export const isMle =
  (key: MleKey) =>
  (one: KnownMle): boolean =>
    keyText(one) === keyText(key);

/** A vendor is an OEM's name, or an OS's with its version behind the last blank. */
function ownerIn({ type, vendor }: MleKey, oses: readonly OatOsRow[]): Pick<KnownMle, 'oem' | 'os' | 'osVersion'> {
  if (vendor === '') return { oem: null, os: null, osVersion: null };
  if (type === 'BIOS') return { oem: vendor, os: null, osVersion: null };
  const written = oses.find((os) => os.vendor === vendor);
  const [, name = vendor, version = ''] = /^(.*) (\S+)$/.exec(vendor) ?? [];
  return { oem: null, os: written?.name ?? name, osVersion: written?.version ?? version };
}

/** @param withManifests else null, as in lists */
export const shownMle = (mle: KnownMle, withManifests: boolean): OatMle => ({
  Name: mle.name,
  Version: mle.version,
  Attestation_Type: mle.row?.attestation_type ?? 'PCR',
  MLE_Type: mle.type,
  Description: mle.row?.description ?? null,
  OsName: mle.os,
  OsVersion: mle.osVersion,
  OemName: mle.oem,
  MLE_Manifests: withManifests ? shownPcrs(mle.values) : null,
});

/** With those that own an MLE and that nobody wrote. */
export async function knownOems(db: Db, mles: readonly KnownMle[]): Promise<OatOem[]> {
  const rows = await oemRows(db);
  const others = new Set(mles.flatMap(({ oem }) => oem ?? [])).difference(new Set(rows.map(({ name }) => name)));
  const all = [...rows, ...[...others].map((name) => ({ name, description: null }))];
  return all.map(({ name, description }) => ({ Name: name, Description: description }));
}

/** Likewise. */
export async function knownOses(db: Db, mles: readonly KnownMle[]): Promise<OatOs[]> {
  const rows = await osRows(db);
  const others = new Map(
    mles.flatMap(({ os, osVersion, vendor }) => (os === null ? [] : [[vendor, { os, osVersion }] as const])),
  );
  for (const { vendor } of rows) others.delete(vendor);
  const all = [
    ...rows,
    ...[...others.values()].map(({ os, osVersion }) => ({ name: os, version: osVersion ?? '', description: null })),
  ];
  return all.map(({ name, version, description }) => ({ Name: name, Version: version, Description: description }));
}

/** Hosts that were registered with it. */
export const usersOfMle = async (db: Db, mle: KnownMle): Promise<number> =>
  await hostsOfMle(db, mle, { name: mle.os, version: mle.osVersion });
