// Who is asked for the secret, and who gets through without it?
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
  type World,
  wlm,
} from './check.ts';
import { nobody } from './poll-hosts.ts';

const wrong = 'assay-compat-a-wrong-secret';
const anybody = 'anybody who reaches the port is answered; attestation_auth_blob is decoration';

function refused(answer: Answer): Outcome {
  if (answer.status < 300) return lessSafe(brief(answer), anybody);
  if (answer.status !== 401) return noMatter(brief(answer), 'Nova and the tools take any such status for no answer');
  return errorOf(answer) ? fine(brief(answer)) : noMatter(brief(answer), 'nobody but people read it');
}

const pollAs = async ({ peer, way }: World, headers: Record<string, string>): Promise<Answer> =>
  await peer.askAs(headers)(way.method, `${way.base}/PollHosts`, { count: 1, hosts: [nobody] });

const spelt = (header: string, who: string): Check => ({
  name: `secret-${header.toLowerCase().replace('_', '-underscore-')}`,
  expected: `the secret counts in the header ${header} too`,
  async run(world) {
    if (world.secret === '') return undefined;
    const answer = await pollAs(world, { [header]: world.secret });
    return answer.status === 200 ? fine('200') : noMatter(brief(answer), `only ${who} sends it so`);
  },
});

const without = (name: string, what: string, path: string): Check => ({
  name,
  expected: `401 for ${what} without the secret`,
  async run({ peer }) {
    const answer = await peer.askAs({})('GET', path);
    return answer.status === 404 ? noMatter(brief(answer), 'there is nothing to be had') : refused(answer);
  },
});

export const secretChecks: readonly Check[] = [
  {
    name: 'secret-missing',
    expected: '401 for PollHosts without the secret',
    run: async (world) => refused(await pollAs(world, {})),
  },
  {
    name: 'secret-wrong',
    expected: '401 for PollHosts with a wrong secret',
    run: async (world) => refused(await pollAs(world, { 'x-auth-blob': wrong })),
  },
  {
    name: 'secret-right',
    expected: 'PollHosts is answered with the secret',
    async run(world) {
      if (world.secret === '') return undefined;
      const answer = await pollAs(world, { 'x-auth-blob': world.secret });
      return answer.status === 200 ? fine('200') : breaks(brief(answer), 'Nova’s filter: every host is unknown');
    },
  },
  spelt('Auth_blob', 'OAT before 1.5'),
  spelt('Auth-blob', 'a patch of somebody else'),
  without('secret-hosts', 'the list of hosts', `${newBase}/hosts${query({ searchCriteria: '' })}`),
  without('secret-white-lists', 'the white lists', `${wlm}/mles${query({ searchCriteria: '' })}`),
];
