// What is to be done so that one server has what another has? What is there stays; what differs is told and not overwritten.
import { componentPcrs } from '@assay/appraisal';
import {
  bankOf,
  type HostField,
  type HostRecord,
  hostFields,
  type Mle,
  type Oem,
  type Os,
  ownerFields,
} from '../objects.ts';
import { type Kind, keyOf, type Stock } from './stock.ts';

export type Step = {
  kind: Kind;
  /** As people write it: `fab-bios 2.7 (Fabrikam)`. */
  name: string;
  act: 'move' | 'there' | 'conflict' | 'refuse';
  /** Why not, or what to know about it. */
  why?: string;
  /** Of `move`: what to POST. */
  send?: { path: string; body: unknown };
};

const wlm = '/WLMService/resources';

/** In the order in which it can be done: nothing refers to what comes after it. */
export function planOf(old: Stock, there: Stock): Step[] {
  const mles = old.mles.map((mle) => mleStep(mle, old, there));
  const usable = new Map(
    [
      ...old.mles.map((mle, at) => [mle, mles[at]?.act] as const),
      ...there.mles.map((mle) => [mle, 'there'] as const),
    ].flatMap(([mle, act]) => (act === 'refuse' ? [] : [[keyOf(mle), mle] as const])),
  );
  return [
    ...old.broken.map(({ kind, why }): Step => ({ kind, name: '?', act: 'refuse', why })),
    ...old.oems.map((oem) => oemStep(oem, there)),
    ...old.oses.map((os) => osStep(os, there)),
    ...mles,
    ...old.hosts.map((host) => hostStep(host, usable, there)),
  ];
}

function oemStep({ name, description }: Oem, { oems }: Stock): Step {
  const found = oems.find((one) => one.name === name);
  if (found) return { kind: 'OEM', name, act: 'there', ...kept(description, found.description) };
  return {
    kind: 'OEM',
    name,
    act: 'move',
    send: { path: `${wlm}/oem`, body: { Name: name, Description: description } },
  };
}

function osStep({ name, version, description }: Os, { oses }: Stock): Step {
  const found = oses.find((one) => one.name === name && one.version === version);
  const step = { kind: 'OS', name: `${name} ${version}` } as const;
  if (found) return { ...step, act: 'there', ...kept(description, found.description) };
  const body = { Name: name, Version: version, Description: description };
  return { ...step, act: 'move', send: { path: `${wlm}/os`, body } };
}

const kept = (description: string, there: string): { why?: string } =>
  description === there ? {} : { why: `its description stays ${JSON.stringify(there)}` };

export const mleName = ({ name, version, owner }: Mle): string =>
  `${name} ${version} (${'oem' in owner ? owner.oem : `${owner.os} ${owner.osVersion}`})`;

function mleStep(mle: Mle, old: Stock, there: Stock): Step {
  const step = { kind: 'MLE', name: mleName(mle) } as const;
  const found = there.mles.find((one) => keyOf(one) === keyOf(mle));
  const entries = mle.entries ?? [];
  const wrong = entries.flatMap(({ pcr, digest }) =>
    bankOf(digest) ? [] : [`PCR ${pcr} has ${JSON.stringify(digest)}`],
  );
  // A list without them would ask less of a host than it did.
  if (wrong.length > 0)
    return {
      ...step,
      act: 'refuse',
      why: `${wrong.join(', ')}, which is no digest: mend it on the old server, or learn the host anew`,
    };
  const twice = entries.filter(({ pcr }, at) => entries.findIndex((one) => Number(one.pcr) === Number(pcr)) !== at);
  if (twice.length > 0) return { ...step, act: 'refuse', why: `PCR ${twice[0]?.pcr} is in its white list twice` };
  const note = noteOn(mle);
  if (found) {
    const differing = difference(entries, found.entries ?? []);
    if (differing.length > 0) return { ...step, act: 'conflict', why: differing.join('; ') };
    return { ...step, act: 'there', ...(note !== undefined && { why: note }) };
  }
  const owner = ownerFault(mle, old, there);
  if (owner !== undefined) return { ...step, act: 'refuse', why: owner };
  const { oemName: OemName, osName: OsName, osVersion: OsVersion } = ownerFields(mle.owner);
  const body = {
    ...{ Name: mle.name, Version: mle.version, MLE_Type: mle.type, Attestation_Type: mle.attestationType },
    ...{ Description: mle.description, OemName, OsName, OsVersion },
    MLE_Manifests: entries.map(({ pcr, digest }) => ({ Name: pcr, Value: digest })),
  };
  return { ...step, act: 'move', send: { path: `${wlm}/mles`, body }, ...(note !== undefined && { why: note }) };
}

/** Why it cannot make a host good, or not alone; nothing when it can. */
export function noteOn({ type, entries = [] }: Mle): string | undefined {
  if (entries.length === 0) return 'it has no white list: nothing is good by it';
  const old = entries.filter(({ digest }) => bankOf(digest) === 'sha1').map(({ pcr }) => pcr);
  if (old.length > 0) return `SHA-1 in PCR ${old.join(', ')} never matches: learn these hosts again`;
  const wanted = componentPcrs[type === 'BIOS' ? 'firmware' : 'hypervisor'] ?? [];
  const missing = wanted.filter((pcr) => !entries.some((entry) => Number(entry.pcr) === pcr));
  return missing.length === 0
    ? undefined
    : `without PCR ${missing.join(', ')} it is not enough: learn these hosts again`;
}

function difference(old: readonly Entry[], there: readonly Entry[]): string[] {
  const values = (entries: readonly Entry[]) =>
    new Map(entries.map(({ pcr, digest }) => [Number(pcr), digest.toLowerCase()]));
  const [was, is] = [values(old), values(there)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .sort((a, b) => a - b)
    .flatMap((pcr) => {
      const [before, now] = [was.get(pcr), is.get(pcr)];
      return before === now ? [] : [`PCR ${pcr} is ${now ?? 'not listed'} here, ${before ?? 'not listed'} there`];
    });
}
type Entry = NonNullable<Mle['entries']>[number];

function ownerFault({ owner }: Mle, old: Stock, there: Stock): string | undefined {
  const isListed = (stock: Stock) =>
    'oem' in owner
      ? stock.oems.some(({ name }) => name === owner.oem)
      : stock.oses.some(({ name, version }) => name === owner.os && version === owner.osVersion);
  return isListed(old) || isListed(there)
    ? undefined
    : 'its OEM or OS is gone from the old server: make it there, and import again';
}

function hostStep(host: HostRecord, usable: ReadonlyMap<string, Mle>, { hosts }: Stock): Step {
  const { name } = host;
  const step = { kind: 'host', name } as const;
  const fields = carried(host);
  const found = hosts.find((one) => one.name.toLowerCase() === name.toLowerCase()); // names of hosts have no case here
  if (found) {
    const differing = hostFields.filter(
      (field) => field !== 'AddOn_Connection_String' && (fields[field] ?? '') !== (found.fields[field] ?? ''),
    );
    if (differing.length === 0) return { ...step, act: 'there' };
    const why = differing.map(
      (field) => `${field} is ${found.fields[field] ?? 'not set'} here, ${fields[field] ?? 'not set'} there`,
    );
    return { ...step, act: 'conflict', why: why.join('; ') };
  }
  const mles = mlesOf(host).map((key) => usable.get(key));
  if (mles.includes(undefined))
    return { ...step, act: 'refuse', why: 'an MLE it is registered with is not there, or not moved' };
  const notes = mles.flatMap((mle) => (mle && noteOn(mle) !== undefined ? [mleName(mle)] : []));
  const secret = host.fields.AddOn_Connection_String !== fields.AddOn_Connection_String;
  const why = [
    ...(notes.length > 0 ? [`not trusted by what is moved alone, learn it again: ${notes.join(', ')}`] : []),
    ...(secret ? ['its connection string is left out, for it may hold a password'] : []),
  ].join('; ');
  const body = { HostName: name, ...fields };
  return {
    ...step,
    act: 'move',
    send: { path: '/AttestationService/resources/hosts', body },
    ...(why !== '' && { why }),
  };
}

/** Mt. Wilson wrote `vmware:https://…;user;password`. */
function carried({ fields }: HostRecord): Partial<Record<HostField, string>> {
  const { AddOn_Connection_String: connection, ...rest } = fields;
  const isPlain = connection === '' || /^intel:https:\/\/[\w.:[\]-]+$/i.test(connection ?? '');
  return isPlain ? fields : rest;
}

/** Keys of the MLEs it names. */
function mlesOf({ fields }: HostRecord): string[] {
  const {
    BIOS_Name,
    BIOS_Version = '',
    BIOS_Oem = '',
    VMM_Name,
    VMM_Version = '',
    VMM_OSName = '',
    VMM_OSVersion = '',
  } = fields;
  const bios = { type: 'BIOS', name: BIOS_Name ?? '', version: BIOS_Version, owner: { oem: BIOS_Oem } } as const;
  const vmm = {
    type: 'VMM',
    name: VMM_Name ?? '',
    version: VMM_Version,
    owner: { os: VMM_OSName, osVersion: VMM_OSVersion },
  } as const;
  return [...(!BIOS_Name ? [] : [bios]), ...(!VMM_Name ? [] : [vmm])].map((mle) =>
    keyOf({ ...mle, attestationType: '', description: '' }),
  );
}
