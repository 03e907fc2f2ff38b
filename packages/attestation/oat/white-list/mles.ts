// /WLMService/resources/mles: measured launch environments with their white lists, which are reference values and take part in appraisal at once.
import type { RestNeeds } from '../../rest/resource.ts';
import { addMle, keepMle, removeMle } from '../../storage/oat-mles.ts';
import { addOem, addOs } from '../../storage/oat-owners.ts';
import type { Db, OatMleRow } from '../../storage/schema.ts';
import { OatError } from '../errors.ts';
import { type Told, textOf } from '../input.ts';
import { addOatRoutes, type OatResource, type OatRoute, whiteListService } from '../resource.ts';
import { unlessReferred, writeMle } from '../writes.ts';
import { manifestsOf } from './digests.ts';
import { isMle, type KnownMle, knownMles, knownOems, knownOses, shownMle, usersOfMle } from './known-mles.ts';
import { mleOf, type NamedMle, noMle, noOwner, ownerOf } from './mle-key.ts';
import { descriptionOf } from './owners.ts';

export const mles: OatResource = (server, needs) => {
  const { db, standards } = needs;
  const known = async () => await knownMles(db, (await standards(db)).knownGood.values);
  const route = { base: whiteListService, path: 'mles' };
  addOatRoutes(server, [
    {
      ...{ ...route, method: 'GET', access: 'read' },
      async answer(query) {
        const sought = textOf(query, 'searchCriteria');
        const all = await known();
        return all.filter((mle) => sought === undefined || isFound(mle, sought)).map((mle) => shownMle(mle, false));
      },
    },
    {
      ...{ ...route, path: 'mles/manifest', method: 'GET', access: 'read' },
      answer: async (query) => shownMle(soughtIn(await known(), query), true),
    },
    {
      ...{ ...route, method: 'POST', access: 'write', media: 'text/plain' },
      async answer(query, body) {
        const mle = mleOf(body, 'object');
        const [row, list] = [rowOf(mle, body), manifestsOf(body)];
        return await writeMle(needs, ownerOf(mle), query, async (there) => {
          await checkOwner(needs, mle, there);
          if (there.some(isMle(mle))) throw new OatError('WS_MLE_ALREADY_EXISTS', [mle.name]);
          return {
            list,
            write: async (tx) => {
              await keepOwner(tx, mle);
              const added = await unlessReferred(
                () => addMle(tx, row),
                () => noOwner(mle.owner),
              );
              if (!added) throw new OatError('WS_MLE_ALREADY_EXISTS', [mle.name]);
            },
          };
        });
      },
    },
    {
      ...{ ...route, method: 'PUT', access: 'write', media: 'text/plain' },
      async answer(query, body) {
        const mle = mleOf(body, 'object');
        const [row, list] = [rowOf(mle, body), manifestsOf(body)];
        return await writeMle(needs, ownerOf(mle), query, async (there) => {
          const before = there.find(isMle(mle));
          if (!before) throw noMle(mle);
          const source_host = before.row?.source_host ?? null;
          return { list, write: async (tx) => await keepRow(tx, mle, { ...row, source_host }) };
        });
      },
    },
    {
      ...{ ...route, method: 'DELETE', access: 'write' },
      async answer(query) {
        const mle = mleOf(query, 'query');
        return await writeMle(needs, ownerOf(mle), query, async (there) => {
          const before = there.find(isMle(mle));
          if (!before) throw noMle(mle);
          const hosts = await usersOfMle(db, before);
          if (hosts > 0) throw new OatError('WS_MLE_ASSOCIATION_EXISTS', [mle.name, mle.version, String(hosts)]);
          return { list: undefined, write: async (tx) => await removeMle(tx, mle) };
        });
      },
    },
  ] satisfies OatRoute[]);
};

/** Plain text in any case, in the name of the MLE, its OEM or its OS. */
function isFound({ name, oem, os }: KnownMle, sought: string): boolean {
  const folded = sought.toLowerCase();
  return [name, oem, os].some((one) => one?.toLowerCase().includes(folded));
}

/** What was learnt without a vendor has no owner to be asked for by. */
function soughtIn(there: readonly KnownMle[], query: Told): KnownMle {
  const [name, version] = [textOf(query, 'mleName'), textOf(query, 'mleVersion')];
  const isOwned = ['oemName', 'osName', 'osVersion'].some((owner) => textOf(query, owner) !== undefined);
  const alone = there.find((one) => !isOwned && one.vendor === '' && one.name === name && one.version === version);
  const mle = alone ?? mleOf(query, 'query');
  const found = there.find(isMle(mle));
  if (!found) throw noMle(mle);
  return found;
}

export function rowOf({ type, name, version, vendor, owner }: NamedMle, body: Told): OatMleRow {
  const kind = (textOf(body, 'Attestation_Type') ?? 'PCR').toUpperCase();
  if (kind !== 'PCR' && kind !== 'MODULE')
    throw new OatError('SYSTEM_ERROR', ['Attestation_Type: expected PCR or MODULE']);
  return {
    ...{ type, name, version, vendor },
    oem: 'oem' in owner ? owner.oem : null,
    os: 'os' in owner ? owner.os : null,
    os_version: 'os' in owner ? owner.osVersion : null,
    attestation_type: kind,
    description: descriptionOf(body),
    source_host: null,
  };
}

async function checkOwner({ db }: RestNeeds, { owner }: NamedMle, there: readonly KnownMle[]): Promise<void> {
  const isThere =
    'oem' in owner
      ? (await knownOems(db, there)).some(({ Name }) => Name === owner.oem)
      : (await knownOses(db, there)).some(({ Name, Version }) => Name === owner.os && Version === owner.osVersion);
  if (!isThere) throw noOwner(owner);
}

/** An owner that came with something learnt is written when something of its is. */
async function keepOwner(tx: Db, { owner }: NamedMle): Promise<void> {
  if ('oem' in owner) await addOem(tx, { name: owner.oem, description: null });
  else await addOs(tx, { name: owner.os, version: owner.osVersion, description: null });
}

export async function keepRow(tx: Db, mle: NamedMle, row: OatMleRow): Promise<void> {
  await keepOwner(tx, mle);
  await unlessReferred(
    () => keepMle(tx, row),
    () => noOwner(mle.owner),
  );
}
