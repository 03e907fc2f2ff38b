// OEMs, OSes, MLEs, white lists and hosts: do they read as OAT's tools and programs expect, and what do they let in?
import { AssayError } from '@assay/core';
import { bankOf, hostOf, listIn, type Mle, mleOf, oemOf, osOf, ownerFields } from '../objects.ts';
import { type Answer, query } from '../peer.ts';
import {
  breaks,
  brief,
  type Check,
  errorOf,
  fine,
  lessSafe,
  newBase,
  noMatter,
  type Outcome,
  tellsInside,
  type World,
  wlm,
} from './check.ts';

const most = 100_000;
const absent = 'assay-compat-nobody';
const mlesAt = (search: string) => `${wlm}/mles${query({ searchCriteria: search })}`;
const hostsAt = (search: string) => `${newBase}/hosts${query({ searchCriteria: search })}`;
const manifestAt = (mle: Mle, before = '') =>
  `${wlm}/mles/manifest${query({ mleName: before + mle.name, [`${before}mleVersion`]: before + mle.version, ...ownerFields(mle.owner) })}`;

/** @returns undefined where the list is no list */
export function read<T>(answer: Answer, one: (value: unknown) => T): T[] | undefined {
  try {
    return answer.status === 200 ? listIn(answer.json, 'list', most).map(one) : undefined;
  } catch (error) {
    if (error instanceof AssayError) return undefined;
    throw error;
  }
}

function listed(answer: Answer, one: (value: unknown) => unknown, tool: string): Outcome {
  try {
    if (answer.status !== 200) return breaks(brief(answer), tool);
    const list = listIn(answer.json, 'list', most).map(one);
    if (!Array.isArray(answer.json)) return breaks(brief(answer), 'programs that expect an array');
    if (answer.type !== 'application/json')
      return noMatter(
        `${list.length} as ${answer.type || 'nothing'}`,
        'the tools print it; programs may want application/json',
      );
    return answer.text.includes('"null"')
      ? noMatter(
          `${list.length}, with the text "null" for what is absent`,
          'people read it; programs may take it for a name',
        )
      : fine(`${list.length}`);
  } catch (error) {
    if (error instanceof AssayError) return breaks(`${brief(answer)}: ${error.message}`, tool);
    throw error;
  }
}

const list = (name: string, path: string, what: string, one: (value: unknown) => unknown, tool: string): Check => ({
  name,
  expected: `GET ${path}: 200, an array of objects with ${what}`,
  run: async ({ ask }) => listed(await ask('GET', path), one, tool),
});

const mlesOf = async ({ ask }: World): Promise<Mle[]> => read(await ask('GET', mlesAt('')), mleOf) ?? [];

/** Of a search by what no name holds: whatever is found was found by a pattern. */
const pattern = (name: string, at: (search: string) => string, one: (value: unknown) => { name: string }): Check => ({
  name,
  expected: 'searchCriteria is text, no pattern',
  async run({ ask }) {
    const all = read(await ask('GET', at('')), one) ?? [];
    for (const search of ['%', '_', '.*', '[a-z]']) {
      const found = read(await ask('GET', at(search)), one) ?? [];
      const wrong = found.filter(({ name }) => !name.includes(search));
      if (wrong.length > 0)
        return lessSafe(
          `${search} finds ${wrong.length} of ${all.length}`,
          'whoever asks chooses how long the server works',
        );
    }
    return all.length === 0 ? undefined : fine('text');
  },
});

export const listChecks: readonly Check[] = [
  list('oem-list', `${wlm}/oem`, 'Name, Description', oemOf, 'oat_view_oem'),
  list('os-list', `${wlm}/os`, 'Name, Version, Description', osOf, 'oat_view_os'),
  list('mle-list', mlesAt(''), 'Name, Version, MLE_Type, OemName or OsName and OsVersion', mleOf, 'oat_mle_search'),
  list('host-list', hostsAt(''), 'HostName, IPAddress, Port, BIOS_…, VMM_…', hostOf, 'oat_host -s'),
  {
    name: 'search-none',
    expected: 'a search that finds nothing: 200, []',
    async run({ ask }) {
      const answer = await ask('GET', mlesAt(absent));
      return Array.isArray(answer.json) && answer.json.length === 0 && answer.status === 200
        ? fine('[]')
        : breaks(brief(answer), 'oat_mle_search');
    },
  },
  pattern('search-mle-pattern', mlesAt, mleOf),
  pattern('search-host-pattern', hostsAt, hostOf),
  {
    name: 'mle-once',
    expected: 'each MLE once',
    async run(world) {
      const keys = (await mlesOf(world)).map((mle) => JSON.stringify([mle.type, mle.name, mle.version, mle.owner]));
      const twice = keys.length - new Set(keys).size;
      return twice === 0 ? fine('once') : noMatter(`${twice} twice`, 'people read it; programs may move them twice');
    },
  },
  {
    name: 'mle-manifest',
    expected: `GET ${wlm}/mles/manifest: 200, the MLE with MLE_Manifests as an array`,
    async run(world) {
      const [mle] = await mlesOf(world);
      if (!mle) return undefined;
      const answer = await world.ask('GET', manifestAt(mle));
      const found = read({ ...answer, json: [answer.json] }, mleOf)?.[0];
      return found?.entries ? fine(`${found.entries.length} PCRs`) : breaks(brief(answer), 'oat_view_mle');
    },
  },
  {
    name: 'query-spaces',
    expected: 'spaces around names and values of a query are dropped',
    async run(world) {
      const [mle] = await mlesOf(world);
      if (!mle) return undefined;
      const answer = await world.ask('GET', manifestAt(mle, ' '));
      const found = read({ ...answer, json: [answer.json] }, mleOf)?.[0];
      return found?.name === mle.name ? fine('dropped') : breaks(brief(answer), 'OAT’s tools, given JSON with spaces');
    },
  },
  {
    name: 'mle-absent',
    expected: 'the manifest of a MLE that is not there: 400 WS_MLE_DOES_NOT_EXIST',
    async run({ ask }) {
      const answer = await ask(
        'GET',
        `${wlm}/mles/manifest${query({ mleName: absent, mleVersion: '1', oemName: absent })}`,
      );
      if (answer.status === 400 && errorOf(answer)?.code === 'WS_MLE_DOES_NOT_EXIST') return fine(brief(answer));
      if (answer.status < 300) return breaks(brief(answer), 'programs take it for an MLE without a white list');
      return noMatter(brief(answer), 'the tools print it; OAT’s Java client knows only the names of OAT 2');
    },
  },
  {
    name: 'white-list-digests',
    expected: 'SHA-256 or SHA-384 digests for each PCR',
    async run(world) {
      const mles: Mle[] = [];
      for (const mle of (await mlesOf(world)).slice(0, 50)) mles.push(await withEntries(world, mle));
      if (mles.length === 0) return undefined;
      const digests = mles.flatMap((mle) => (mle.entries ?? []).map(({ digest }) => ({ mle, bank: bankOf(digest) })));
      const names = (bank: 'sha1' | undefined) => [
        ...new Set(digests.filter((one) => one.bank === bank).map(({ mle }) => mle.name)),
      ];
      if (names(undefined).length > 0)
        return lessSafe(
          `no digests at all in ${names(undefined).join(', ')}`,
          'nobody checked what was written; such a PCR matches nothing',
        );
      if (names('sha1').length > 0)
        return lessSafe(
          `SHA-1 in ${names('sha1').join(', ')}`,
          'collisions can be made; Assay takes no quote over SHA-1: learn these hosts again',
        );
      const none = mles.filter(({ entries }) => entries?.length === 0).map(({ name }) => name);
      return none.length > 0
        ? noMatter(`no white list: ${none.join(', ')}`, 'hosts of such an MLE are never trusted')
        : fine(`${digests.length}`);
    },
  },
  {
    name: 'analysis-types',
    expected: 'no analysisTypes: it registers programs for the server to run',
    async run({ ask }) {
      const answer = await ask('GET', `${wlm}/analysisTypes`);
      return answer.status === 200
        ? lessSafe(brief(answer), 'whoever may write it runs commands on the server')
        : fine(`${answer.status}`);
    },
  },
  {
    name: 'error-inside',
    expected: 'errors tell nothing of the server’s inside',
    async run({ ask }) {
      for (const path of [`${wlm}/assay-compat`, `${wlm}/mles/manifest?mleName=%25%27%22`, `${newBase}/hosts/trust`]) {
        const inside = tellsInside(await ask('GET', path));
        if (inside) return lessSafe(`${path}: ${inside}`, 'tells whoever asks what to attack');
      }
      return fine('nothing');
    },
  },
];

async function withEntries({ ask }: World, mle: Mle): Promise<Mle> {
  if (mle.entries) return mle;
  const answer = await ask('GET', manifestAt(mle));
  return read({ ...answer, json: [answer.json] }, mleOf)?.[0] ?? mle;
}
