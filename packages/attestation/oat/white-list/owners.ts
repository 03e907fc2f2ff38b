// /WLMService/resources/oem and …/os: whoever an MLE belongs to. They are names; nothing is good or bad by them.

import type { RestNeeds } from '../../rest/resource.ts';
import { addOem, addOs, keepOem, keepOs, removeOem, removeOs } from '../../storage/oat-owners.ts';
import { OatError } from '../errors.ts';
import { type Told, textOf } from '../input.ts';
import { addOatRoutes, type OatResource, type OatRoute, whiteListService } from '../resource.ts';
import { unlessReferred } from '../writes.ts';
import { type KnownMle, knownMles, knownOems, knownOses } from './known-mles.ts';
import { vendorIn } from './mle-key.ts';

const longestDescription = 1000;

/** As it was sent; undefined and null are null. */
export function descriptionOf(body: Told): string | null {
  const { Description: given } = body;
  const inOneLine = typeof given === 'string' ? given.replace(/[\t\n\r]/g, ' ') : given;
  textOf({ Description: inOneLine }, 'Description', longestDescription);
  if (typeof given !== 'string') return null;
  // Blanks around it are kept, too.
  if (given.length > longestDescription)
    throw new OatError('SYSTEM_ERROR', [`Description: expected at most ${longestDescription} characters`]);
  return given;
}

const needed = (told: Told, name: string, what: string): string => {
  const text = textOf(told, name);
  if (text === undefined) throw new OatError('SYSTEM_ERROR', [`${what} ${name} is missing`]);
  return text;
};

const mlesOf = async ({ db, standards }: RestNeeds): Promise<KnownMle[]> =>
  await knownMles(db, (await standards(db)).knownGood.values);

export const oems: OatResource = (server, needs) => {
  const { db } = needs;
  const route = { base: whiteListService, path: 'oem' };
  const has = async (name: string) => (await knownOems(db, await mlesOf(needs))).some(({ Name }) => Name === name);
  const exists = (name: string) => new OatError('WS_OEM_ALREADY_EXISTS', [name]);
  const missing = (name: string) => new OatError('WS_OEM_DOES_NOT_EXIST', [name]);
  const inUse = (name: string, count: number) => new OatError('WS_OEM_ASSOCIATION_EXISTS', [name, String(count)]);
  addOatRoutes(server, [
    { ...route, method: 'GET', access: 'read', answer: async () => await knownOems(db, await mlesOf(needs)) },
    {
      ...{ ...route, method: 'POST', access: 'write', media: 'text/plain' },
      async answer(_query, body) {
        const name = needed(body, 'Name', 'OEM');
        const row = { name, description: descriptionOf(body) };
        if ((await has(name)) || !(await addOem(db, row))) throw exists(name);
        return true;
      },
    },
    {
      ...{ ...route, method: 'PUT', access: 'write', media: 'text/plain' },
      async answer(_query, body) {
        const name = needed(body, 'Name', 'OEM');
        if (!(await has(name))) throw missing(name);
        await keepOem(db, { name, description: descriptionOf(body) });
        return true;
      },
    },
    {
      ...{ ...route, method: 'DELETE', access: 'write', media: 'text/plain' },
      async answer(query) {
        const name = needed(query, 'Name', 'OEM');
        if (!(await has(name))) throw missing(name);
        const count = (await mlesOf(needs)).filter(({ oem }) => oem === name).length;
        if (count > 0) throw inUse(name, count);
        await unlessReferred(
          () => removeOem(db, name),
          () => inUse(name, 1),
        );
        return true;
      },
    },
  ] satisfies OatRoute[]);
};

export const oses: OatResource = (server, needs) => {
  const { db } = needs;
  const route = { base: whiteListService, path: 'os' };
  type Os = { name: string; version: string };
  const has = async (os: Os) =>
    (await knownOses(db, await mlesOf(needs))).some(({ Name, Version }) => Name === os.name && Version === os.version);
  const named = (told: Told): Os => {
    const os = { name: needed(told, 'Name', 'OS'), version: needed(told, 'Version', 'OS') };
    vendorIn(os);
    return os;
  };
  const told = ({ name, version }: Os) => [name, version];
  const missing = (os: Os) => new OatError('WS_OS_DOES_NOT_EXIST', told(os));
  const inUse = (os: Os, count: number) => new OatError('WS_OS_ASSOCIATION_EXISTS', [...told(os), String(count)]);
  addOatRoutes(server, [
    { ...route, method: 'GET', access: 'read', answer: async () => await knownOses(db, await mlesOf(needs)) },
    {
      ...{ ...route, method: 'POST', access: 'write', media: 'text/plain' },
      async answer(_query, body) {
        const os = named(body);
        const row = { ...os, description: descriptionOf(body) };
        if ((await has(os)) || !(await addOs(db, row))) throw new OatError('WS_OS_ALREADY_EXISTS', told(os));
        return true;
      },
    },
    {
      ...{ ...route, method: 'PUT', access: 'write', media: 'text/plain' },
      async answer(_query, body) {
        const os = named(body);
        if (!(await has(os))) throw missing(os);
        await keepOs(db, { ...os, description: descriptionOf(body) });
        return true;
      },
    },
    {
      ...{ ...route, method: 'DELETE', access: 'write', media: 'text/plain' },
      async answer(query) {
        const os = named(query);
        if (!(await has(os))) throw missing(os);
        const vendor = vendorIn(os);
        const count = (await mlesOf(needs)).filter((mle) => mle.type === 'VMM' && mle.vendor === vendor).length;
        if (count > 0) throw inUse(os, count);
        await unlessReferred(
          () => removeOs(db, os),
          () => inUse(os, 1),
        );
        return true;
      },
    },
  ] satisfies OatRoute[]);
};
