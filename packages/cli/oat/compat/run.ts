// All checks, one after another: a server of old has few threads, and what one check finds must not be the doing of another.
import { AssayError } from '@assay/core';
import { hostOf } from '../objects.ts';
import type { Answer, Peer } from '../peer.ts';
import { breaks, type Check, type Finding, newBase, oldBase, type Way, type World } from './check.ts';
import { lifeOf } from './life.ts';
import { endOf } from './life-end.ts';
import { thingsOf } from './life-things.ts';
import { listChecks, read } from './lists.ts';
import { novaMakes } from './nova.ts';
import { nobody, pollHostsChecks } from './poll-hosts.ts';
import { reportChecks } from './reports.ts';
import { secretChecks } from './secrets.ts';
import { transportChecks } from './transport.ts';

export type Wish = {
  secret: string;
  hosts: readonly string[];
  plainPort: number;
  /** Name of what is written; absent: nothing is. */
  write?: string | undefined;
  /** When somebody has had enough: what was written is removed all the same. */
  signal: AbortSignal;
};
export type Tried = {
  findings: readonly Finding[];
  /** What could not be removed again: DELETE these. */
  left: readonly string[];
  stopped: boolean;
};

export const readChecks: readonly Check[] = [
  ...transportChecks,
  ...secretChecks,
  ...pollHostsChecks,
  ...listChecks,
  ...reportChecks,
];

/** What can be said of a server to which nothing may be sent, for its certificate is not to be trusted. */
export const seenChecks = transportChecks.filter(
  ({ name }) => name.startsWith('certificate-') || name === 'tls-version',
);

/** @throws AssayError `oat-refused` when the secret is missing or wrong, so that nothing can be tried; `oat-no-poll-hosts` for no such server */
export async function tryServer(peer: Peer, wish: Wish): Promise<Tried> {
  const way = await wayOf(peer);
  const given = wish.hosts.length > 0 ? wish.hosts : await someHosts(peer);
  const world: World = { peer, ask: peer.ask, way, hosts: given, secret: wish.secret, plainPort: wish.plainPort };
  const findings = await tryAll(readChecks, world, wish.signal);
  if (wish.write === undefined) return { findings, left: [], stopped: wish.signal.aborted };
  const things = thingsOf(wish.write);
  let left: readonly string[] = [];
  try {
    findings.push(...(await tryAll(lifeOf(things), world, wish.signal)));
  } finally {
    left = await endOf(world, things);
  }
  if (left.length > 0) findings.push(leftFinding(left));
  return { findings, left, stopped: wish.signal.aborted };
}

const leftFinding = (left: readonly string[]): Finding => ({
  check: 'life-removed',
  expected: 'nothing of it is left',
  ...breaks(left.join(' '), 'remove it by DELETE of these'),
});

export async function tryAll(
  checks: readonly Check[],
  world: World,
  signal: AbortSignal = new AbortController().signal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) {
    if (signal.aborted) break;
    const outcome = await check.run(world).catch((error: unknown) => {
      if (!(error instanceof AssayError)) throw error;
      return breaks(error.message, 'whoever asks this');
    });
    if (outcome) findings.push({ check: check.name, expected: check.expected, ...outcome });
  }
  return findings;
}

const ways: readonly Way[] = [
  { method: 'POST', base: newBase },
  { method: 'POST', base: oldBase },
  { method: 'PUT', base: newBase },
  { method: 'PUT', base: oldBase },
];

async function wayOf({ ask, url }: Peer): Promise<Way> {
  const said: Answer[] = [];
  let answered: Way | undefined; // by something the filter cannot use: worth telling what
  for (const way of ways) {
    const answer = await ask(way.method, `${way.base}/PollHosts`, { count: 1, hosts: [nobody] }).catch((error) => {
      throw wantsCertificate(error) ? clientCertificate(url) : error;
    });
    if (novaMakes(answer).as === 'used') return way;
    if (answer.status < 300) answered ??= way;
    said.push(answer);
  }
  if (answered) return answered;
  const refused = said.find(({ status }) => status === 401 || status === 403);
  if (refused)
    throw new AssayError('oat-refused', url.href, 'an answer to PollHosts', `status ${refused.status}`, {
      hint: 'the server asks for its secret: --auth-blob-file FILE',
    });
  const statuses = said.map(({ status }, at) => `${ways[at]?.method} ${ways[at]?.base}: ${status}`).join(', ');
  throw new AssayError('oat-no-poll-hosts', url.href, 'PollHosts under a base path of OpenAttestation', statuses, {
    hint: 'is it the right port? 8443 before OAT 2, 8181 since',
  });
}

/** In TLS 1.3 the server says so only after the handshake. */
const wantsCertificate = (error: unknown): boolean =>
  error instanceof AssayError && error.code === 'https-tls' && /CERTIFICATE_REQUIRED/.test(String(error.got));

const clientCertificate = ({ href }: URL): AssayError =>
  new AssayError(
    'oat-client-certificate',
    href,
    'a server that asks for no client certificate',
    'one that requires it',
    {
      hint: 'Nova’s filter and OAT’s tools have none: nothing of them works on this port',
    },
  );

async function someHosts({ ask }: Peer): Promise<string[]> {
  const answer = await ask('GET', `${newBase}/hosts?searchCriteria=`);
  return (read(answer, hostOf) ?? []).slice(0, 3).map(({ name }) => name);
}
