// /WLMService/resources/mles/whitelist/pcr: one PCR of an MLE's white list. Each write puts the whole list anew in the place of the old one.
import { type PcrEntry, whiteListOf } from '../../changes/white-list.ts';
import { OatError } from '../errors.ts';
import { type Told, textOf } from '../input.ts';
import { addOatRoutes, type OatResource, type OatRoute, whiteListService } from '../resource.ts';
import { writeMle } from '../writes.ts';
import { entryOf, pcrOf } from './digests.ts';
import { isMle } from './known-mles.ts';
import { mleOf, noMleOf, ownerOf } from './mle-key.ts';

export const pcrEntries: OatResource = (server, needs) => {
  /** @param changed the list after it */
  async function write(query: Told, told: Told, changed: (list: readonly PcrEntry[]) => readonly PcrEntry[]) {
    const mle = mleOf(told, 'query');
    const owner = ownerOf(mle);
    return await writeMle(needs, owner, query, async (there) => {
      const found = there.find(isMle(mle));
      if (!found) throw noMleOf(mle);
      return { list: changed(whiteListOf(found.values, owner)), write: async () => undefined };
    });
  }
  const route = { base: whiteListService, path: 'mles/whitelist/pcr', access: 'write', media: 'text/plain' } as const;
  addOatRoutes(server, [
    {
      ...{ ...route, method: 'POST' },
      async answer(query, body) {
        const { name, entry } = entryIn(body);
        return await write(query, body, (list) => {
          if (list.some(({ pcr }) => pcr === entry.pcr)) throw new OatError('WS_PCR_WHITELIST_ALREADY_EXISTS', [name]);
          return [...list, entry];
        });
      },
    },
    {
      ...{ ...route, method: 'PUT' },
      async answer(query, body) {
        const { name, entry } = entryIn(body);
        return await write(query, body, (list) => {
          if (!list.some(({ pcr }) => pcr === entry.pcr)) throw new OatError('WS_PCR_WHITELIST_DOES_NOT_EXIST', [name]);
          return list.map((one) => (one.pcr === entry.pcr ? entry : one));
        });
      },
    },
    {
      ...{ ...route, method: 'DELETE' },
      async answer(query) {
        const pcr = pcrOf(pcrNameIn(query));
        return await write(query, query, (list) => list.filter((one) => one.pcr !== pcr));
      },
    },
  ] satisfies OatRoute[]);
};

function pcrNameIn(told: Told): string {
  const name = textOf(told, ['pcrName', 'PCRName']);
  if (name === undefined) throw new OatError('WS_MLE_DATA_MISSING', ['pcrName']);
  return name;
}

function entryIn(body: Told): { name: string; entry: PcrEntry } {
  const name = pcrNameIn(body);
  const digest = textOf(body, ['pcrDigest', 'PCRDigest']);
  if (digest === undefined) throw new OatError('WS_MLE_DATA_MISSING', ['pcrDigest']);
  return { name, entry: entryOf(name, digest) };
}
