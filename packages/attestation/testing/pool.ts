// A server, and one golden host on it whose measurements were learnt: where most tests begin.
import type { TestContext } from 'node:test';
import type { LearnResult, Verdict } from '@assay/protocol';
import { type Challenge, startTestHost, type TestHost } from './host.ts';
import { connectPeer, type Peer } from './peer.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './server.ts';

export type Pool = {
  readonly server: TestServer;
  readonly host: TestHost;
  /** The connection on which node1 proved itself; nothing is under way on it. */
  readonly peer: Peer;
  /** Answers the next challenge honestly. @returns what the server made of it */
  round(peer?: Peer): Promise<{ trust: string; reason: string }>;
  /** Has the server ask node1. @returns the challenge, not answered yet; and the answer to come, which is the verdict then */
  ask(): Promise<{ challenge: Challenge; verdict: Promise<Verdict> }>;
  verdict(): Promise<Verdict>;
};

/** `node1` is trusted when this returns. */
export async function startPool(t: TestContext, options: TestServerOptions = {}): Promise<Pool> {
  const host = await startTestHost(t);
  const server = await startTestServer(t, { softwareTpmCas: host.cas, ...options });
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const peer = await connectPeer(t, server);

  const answer = async (on: Peer, challenge: Challenge) => {
    on.send(await host.answer(challenge));
    return await on.expect('result');
  };
  await answer(peer, await host.greet(peer, 'node1'));
  await learn(server, peer, host);

  const verdict = async () => (await server.host('node1')).verdict;
  return {
    server,
    host,
    peer,
    verdict,
    round: async (on = peer) => answer(on, await on.expect('challenge')),
    async ask() {
      const asked = server.call('POST', '/v1/hosts/node1/attest').then(verdict);
      asked.catch(() => undefined);
      return { challenge: await peer.expect('challenge'), verdict: asked };
    },
  };
}

/** What `assay reference learn node1` does: one round, whose evidence is then judged by what was learnt from it. */
export async function learn(server: TestServer, peer: Peer, host: TestHost): Promise<LearnResult> {
  const asked = server.call('POST', '/v1/reference/learn', { host: 'node1' });
  peer.send(await host.answer(await peer.expect('challenge')));
  await peer.expect('result');
  const { status, body } = await asked;
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body as LearnResult;
}
