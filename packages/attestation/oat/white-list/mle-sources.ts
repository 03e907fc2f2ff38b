// /WLMService/resources/mles/source: from which host a white list was taken, as whoever wrote it says. A note, no more.
import type { RestNeeds } from '../../rest/resource.ts';
import { OatError } from '../errors.ts';
import { bodyOf, type Told, textOf } from '../input.ts';
import { addOatRoutes, type OatResource, type OatRoute, whiteListService } from '../resource.ts';
import { isMle, type KnownMle, knownMles } from './known-mles.ts';
import { mleOf, type NamedMle, noMle } from './mle-key.ts';
import { keepRow, rowOf } from './mles.ts';

const nobodySaid = 'Manually configured white list';

export const mleSources: OatResource = (server, needs) => {
  const route = { base: whiteListService, path: 'mles/source', media: 'text/plain' } as const;
  addOatRoutes(server, [
    {
      ...{ ...route, method: 'GET', access: 'read' },
      async answer(query) {
        const mle = await there(needs, mleOf(query, 'query'));
        return sourceOf(mle) ?? nobodySaid;
      },
    },
    {
      ...{ ...route, method: 'POST', access: 'write' },
      async answer(_query, body) {
        const { mle, host } = inBody(body);
        const known = await there(needs, mle);
        if (known.row?.source_host) throw new OatError('WS_MLE_SOURCE_MAPPING_ALREADY_EXISTS', [mle.name]);
        return await keep(needs, mle, known, host);
      },
    },
    {
      ...{ ...route, method: 'PUT', access: 'write' },
      async answer(_query, body) {
        const { mle, host } = inBody(body);
        const known = await there(needs, mle);
        if (!known.row?.source_host) throw noSource(mle);
        return await keep(needs, mle, known, host);
      },
    },
    {
      ...{ ...route, method: 'DELETE', access: 'write' },
      async answer(query) {
        const mle = mleOf(query, 'query');
        const known = await there(needs, mle);
        if (!known.row?.source_host) throw noSource(mle);
        return await keep(needs, mle, known, null);
      },
    },
  ] satisfies OatRoute[]);
};

const noSource = ({ name }: NamedMle) => new OatError('WS_MLE_SOURCE_MAPPING_DOES_NOT_EXIST', [name]);

async function there({ db, standards }: RestNeeds, mle: NamedMle): Promise<KnownMle> {
  const known = (await knownMles(db, (await standards(db)).knownGood.values)).find(isMle(mle));
  if (!known) throw noMle(mle);
  return known;
}

/** A golden host's name is known without anybody's saying so. */
const sourceOf = ({ row, values }: KnownMle): string | undefined =>
  row?.source_host ?? values.findLast(({ source }) => source.kind === 'host')?.source.name;

function inBody(body: Told): { mle: NamedMle; host: string } {
  const host = textOf(body, 'hostName');
  if (host === undefined) throw new OatError('WS_MLE_DATA_MISSING', ['hostName']);
  return { mle: mleOf(bodyOf(body['mleData']), 'object'), host };
}

async function keep({ db }: RestNeeds, mle: NamedMle, known: KnownMle, host: string | null): Promise<true> {
  const row = known.row ?? rowOf(mle, {});
  await db.transaction().execute((tx) => keepRow(tx, mle, { ...row, source_host: host }));
  return true;
}
