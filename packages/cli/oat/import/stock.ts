// What has a server of OpenAttestation's API? All of its OEMs, OSes, MLEs with white lists, and hosts; what cannot be read is kept apart and named.
import { AssayError } from '@assay/core';
import {
  type HostRecord,
  hostOf,
  listIn,
  type Mle,
  mleOf,
  type Oem,
  type Os,
  oemOf,
  osOf,
  ownerFields,
} from '../objects.ts';
import { query } from '../peer.ts';

export type Kind = 'OEM' | 'OS' | 'MLE' | 'host';
export type Broken = { kind: Kind; why: string };
export type Stock = {
  oems: readonly Oem[];
  oses: readonly Os[];
  /** Each once, with its white list. */
  mles: readonly Mle[];
  hosts: readonly HostRecord[];
  broken: readonly Broken[];
};
/** @returns JSON as it came. @throws AssayError for any other answer */
export type Get = (path: string) => Promise<unknown>;

const mostLists = 10_000;
const mostHosts = 100_000;
const wlm = '/WLMService/resources';

/** @throws AssayError `oat-answer` when a list is none, or longer than any fleet */
export async function readStock(get: Get): Promise<Stock> {
  const broken: Broken[] = [];
  async function list<T>(kind: Kind, path: string, most: number, one: (value: unknown) => T): Promise<T[]> {
    return listIn(await get(path), path, most).flatMap((value) => {
      try {
        return [one(value)];
      } catch (error) {
        broken.push(brokenOf(kind, error));
        return [];
      }
    });
  }
  const oems = await list('OEM', `${wlm}/oem`, mostLists, oemOf);
  const oses = await list('OS', `${wlm}/os`, mostLists, osOf);
  const listed = await list('MLE', `${wlm}/mles${query({ searchCriteria: '' })}`, mostLists, mleOf);
  const mles: Mle[] = [];
  for (const mle of new Map(listed.map((one) => [keyOf(one), one])).values())
    try {
      mles.push(mle.entries ? mle : await withEntries(get, mle));
    } catch (error) {
      broken.push(brokenOf('MLE', error));
    }
  const hosts = await list(
    'host',
    `/AttestationService/resources/hosts${query({ searchCriteria: '' })}`,
    mostHosts,
    hostOf,
  );
  return { oems, oses, mles, hosts, broken };
}

/** OAT 2 lists MLEs that came by two ways twice. */
export const keyOf = ({ type, name, version, owner }: Omit<Mle, 'entries'>): string =>
  JSON.stringify([type, name, version, ownerFields(owner)]);

async function withEntries(get: Get, mle: Mle): Promise<Mle> {
  const fields = { mleName: mle.name, mleVersion: mle.version, ...ownerFields(mle.owner) };
  const found = mleOf(await get(`${wlm}/mles/manifest${query(fields)}`));
  if (keyOf(found) === keyOf(mle)) return { ...mle, entries: found.entries ?? [] };
  throw new AssayError('oat-answer', `MLE ${mle.name}`, 'its own manifest', `that of ${found.name} ${found.version}`);
}

function brokenOf(kind: Kind, error: unknown): Broken {
  // Of one thing that cannot be read; that the server is gone is another matter.
  if (!(error instanceof AssayError) || /^(https-|oat-tls)/.test(error.code)) throw error;
  return { kind, why: error.message };
}
