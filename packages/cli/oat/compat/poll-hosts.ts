// PollHosts: does it understand what Folsom to Pike and OAT's tools send, and is its answer one they can use?
import type { Answer } from '../peer.ts';
import {
  breaks,
  brief,
  type Check,
  fine,
  lessSafe,
  newBase,
  noMatter,
  type Outcome,
  oldBase,
  poll,
  tellsInside,
  type World,
} from './check.ts';
import { novaMakes } from './nova.ts';
import { vtimeOutcome } from './vtime.ts';

/** Of nobody: what such a name is answered must be `unknown`, and it must be answered. */
export const nobody = 'Assay-Compat-Nobody.Example';
const pollPath = (base: string) => `${base}/PollHosts`;
const namesOf = (world: World): string[] => [nobody, ...world.hosts, 'assay-compat-other.example'];

/** @param whom who sends requests like this, for when it does not work */
function understood(answer: Answer, hosts: readonly string[], whom: string): Outcome {
  const made = novaMakes(answer);
  if (made.as === 'crash') return breaks(brief(answer), `${whom}: ${made.how}, the request of the user fails`);
  if (made.as === 'unknown') return breaks(brief(answer), `${whom}: every host is unknown`);
  const missing = hosts.filter((host) => !made.entries.some((entry) => entry['host_name'] === host));
  if (missing.length === 0) return fine(`${answer.status}, ${made.entries.length} hosts`);
  return breaks(`no entry for ${missing.join(', ')}`, `${whom}: unknown, and asked for again by each request`);
}

/** Refused, or an answer with an array: anything else is a crash of the scheduler. */
function refused(answer: Answer): Outcome {
  const made = novaMakes(answer);
  if (made.as === 'crash') return breaks(brief(answer), `Nova’s filter: ${made.how}, the request of the user fails`);
  const inside = tellsInside(answer);
  return inside ? lessSafe(`${answer.status} ${inside}`, 'tells whoever asks of its inside') : fine(brief(answer));
}

const base = (
  name: string,
  at: string,
  method: 'POST' | 'PUT',
  otherwise: (got: string, world: World) => Outcome,
): Check => ({
  name,
  expected: `${method} ${pollPath(at)}: 200, an object with the array hosts`,
  async run(world) {
    const answer = await world.ask(method, pollPath(at), { count: 1, hosts: [nobody] });
    const outcome = understood(answer, [nobody], 'Nova’s filter');
    return outcome.effect === 'fine' ? outcome : otherwise(outcome.got, world);
  },
});

const only = (said: string) => (got: string, world: World) =>
  noMatter(got, `Nova asks where attestation_api_url says: set it to ${world.way.base} ${said}`);

const sends = (name: string, expected: string, hosts: readonly string[], body: unknown, whom: string): Check => ({
  name,
  expected,
  run: async (world) => understood(await poll(world, hosts, body), hosts, whom),
});

const afterwards = (name: string, expected: string, look: (answer: Answer, world: World) => Outcome): Check => ({
  name,
  expected,
  run: async (world) => look(await polled(world), world),
});

/** Old servers ask the hosts anew with each poll: one is enough for all that is looked at in its answer. */
const polls = new WeakMap<World, Promise<Answer>>();
function polled(world: World): Promise<Answer> {
  const asked = polls.get(world) ?? poll(world, namesOf(world));
  polls.set(world, asked);
  return asked;
}

const entriesOf = (answer: Answer): readonly Record<string, unknown>[] => {
  const made = novaMakes(answer);
  if (made.as === 'used') return made.entries;
  const { hosts } = (answer.json ?? {}) as { hosts?: unknown };
  return Array.isArray(hosts) ? hosts.filter((entry) => typeof entry === 'object' && entry !== null) : [];
};

/** Of several outcomes the worst. */
const worst = (outcomes: readonly Outcome[]): Outcome => {
  const order = ['breaks', 'less safe', 'no matter', 'fine'] as const;
  return order.flatMap((effect) => outcomes.filter((one) => one.effect === effect))[0] ?? fine('nothing to look at');
};

const levels = ['trusted', 'untrusted', 'unknown'];
function levelOutcome(level: unknown): Outcome {
  const said = JSON.stringify(level) ?? 'none';
  if (typeof level !== 'string') return breaks(said, 'Nova’s filter compares text: no flavor finds this host');
  if (levels.includes(level)) return fine(said);
  if (levels.includes(level.toLowerCase()))
    return breaks(said, 'Nova’s filter compares case by case: the host is no trusted one to it');
  return lessSafe(said, 'a flavor that asks for this very word would be given the host');
}

export const pollHostsChecks: readonly Check[] = [
  base('base-path', newBase, 'POST', only('')),
  base('base-path-old', oldBase, 'POST', only('(Nova’s default is the other one)')),
  base('put', newBase, 'PUT', (got) => breaks(got, 'oat_pollhosts of OAT 1.5 and earlier, which sends PUT')),
  {
    name: 'double-slash',
    expected: 'an attestation_api_url that ends with a slash works too',
    async run({ ask, way }) {
      const answer = await ask(way.method, `${way.base}//PollHosts`, { count: 1, hosts: [nobody] });
      const outcome = understood(answer, [nobody], '');
      return outcome.effect === 'fine'
        ? outcome
        : noMatter(outcome.got, 'as long as attestation_api_url ends without a slash');
    },
  },
  sends(
    'hosts-text',
    'one host as bare text: 200',
    [nobody],
    { count: 1, hosts: nobody },
    'Nova’s filter of Folsom (2012.2)',
  ),
  sends('count-absent', '`count` may be left out', [nobody], { hosts: [nobody] }, 'oat_pollhosts'),
  sends(
    'count-wrong',
    '`count` does not matter',
    [nobody],
    { count: 9, hosts: [nobody] },
    'programs that count otherwise',
  ),
  sends(
    'nulls',
    'null is as good as absent',
    [nobody],
    { count: 0, pcrmask: null, hosts: [nobody] },
    'portals with OAT’s Java client',
  ),
  {
    name: 'unknown-fields',
    expected: 'fields it does not know are passed over',
    async run(world) {
      const body = { count: 1, hosts: [nobody], timeThreshold: 3_600_000, assay_compat: true };
      const outcome = understood(await poll(world, [nobody], body), [nobody], '');
      return outcome.effect === 'fine' ? outcome : noMatter(outcome.got, 'neither Nova nor the tools send any');
    },
  },
  ...[
    ['name-long', `${'long-name-'.repeat(6)}.example`, 'more than 50 characters, as fully qualified names may have'],
    ['name-ipv6', '2001:db8::1', 'colons, as IPv6 addresses have'],
    ['name-pattern', '%', 'no pattern: one host of this name'],
  ].map(
    ([name = '', host = '', what]): Check => ({
      name,
      expected: `a name with ${what}: answered like any other`,
      run: async (world) =>
        understood(await poll(world, [nobody, host]), [nobody, host], 'Nova’s filter, because of one such name'),
    }),
  ),
  afterwards('every-host', 'an entry for every host asked, also for who was never registered', (answer, world) =>
    understood(answer, namesOf(world), 'Nova’s filter'),
  ),
  afterwards('order', 'entries in the order asked, names as sent', (answer, world) => {
    const [asked, came] = [namesOf(world), entriesOf(answer).map((entry) => String(entry['host_name']))];
    if (asked.join('\n') === came.join('\n')) return fine('as sent');
    const folded = came.map((name) => name.toLowerCase());
    const isCase =
      asked.every((name) => folded.includes(name.toLowerCase())) && !asked.every((name) => came.includes(name));
    if (isCase) return breaks(came.join(', '), 'Nova’s filter: a name in another case is another host, unknown to it');
    return noMatter(came.join(', '), 'Nova goes by the names; programs that go by the order do not');
  }),
  afterwards('nobody-unknown', `${nobody}, whom nobody registered, is unknown`, (answer) => {
    const entry = entriesOf(answer).find((one) => one['host_name'] === nobody);
    if (!entry) return breaks('no entry', 'Nova’s filter: unknown, and asked for again by each request');
    const level = entry['trust_lvl'];
    if (level === 'trusted') return lessSafe('trusted', 'any host may call itself so');
    return level === 'unknown' ? fine('unknown') : levelOutcome(level);
  }),
  afterwards('trust-levels', 'trust_lvl is trusted, untrusted or unknown', (answer) =>
    worst(entriesOf(answer).map((entry) => levelOutcome(entry['trust_lvl']))),
  ),
  afterwards('vtime', 'UTC as 2026-11-23T10:00:05Z, not ahead, not older than 60 s', (answer) =>
    worst(entriesOf(answer).map((entry) => vtimeOutcome(entry['vtime'], answer.at))),
  ),
  afterwards('media-type', 'application/json', ({ type }) =>
    type === 'application/json' ? fine(type) : noMatter(type || 'none', 'Nova does not look at it'),
  ),
  afterwards('time', 'an answer within 5 s', ({ ms }) => {
    const said = `${(ms / 1000).toFixed(1)} s`;
    return ms <= 5_000 ? fine(said) : breaks(said, 'Nova’s filter has no timeout: the user’s request waits as long');
  }),
  {
    name: 'clock',
    expected: 'a clock like this machine’s',
    async run(world) {
      const { date, ms, at } = await polled(world);
      if (Number.isNaN(date)) return undefined;
      const aheadMs = date - at.getTime();
      const said = `${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead' : 'behind'}`;
      if (Math.abs(aheadMs) <= 5_000 + Math.min(ms, 5_000)) return fine(said);
      return aheadMs > 0
        ? lessSafe(said, 'verdicts look younger than they are: Nova’s filter keeps them longer')
        : noMatter(said, 'verdicts look older than they are: Nova’s filter asks more often');
    },
  },
  ...(
    [
      ['hosts-empty', { count: 0, hosts: [] }],
      ['hosts-absent', {}],
      ['body-array', []],
      ['body-no-json', 'no JSON at all'],
    ] as const
  ).map(
    ([name, body]): Check => ({
      name,
      expected: `${JSON.stringify(body)}: refused, or an object with the array hosts`,
      run: async (world) => refused(await poll(world, [], body)),
    }),
  ),
];
