// A host whose TPM is made of keys in memory and takes as long for a quote as a test lets it. Everything else is as with real ones:
// the line, enrolment, challenges, evidence that verifies.
import type { TestContext } from 'node:test';
import { logDigest } from '@assay/appraisal';
import { makeEvidence, type SoftwareTpm } from '@assay/appraisal/testing';
import { corpusLog } from '@assay/measurement/testing';
import { fromBase64, type SentEvidence, toBase64 } from '@assay/protocol';
import type { Challenge } from './host.ts';
import { connectPeer, type Peer } from './peer.ts';
import type { TestServer } from './server.ts';

export type SlowHost = {
  readonly name: string;
  /** Challenges so far. */
  readonly asked: number;
  /** Resolves with the next challenge, as soon as it is there. */
  nextAsked(): Promise<void>;
};

/**
 * It is enrolled and has answered its first challenge when this returns, and answers each that follows.
 * @param tpm with an EK of its own
 * @param quote how long its TPM takes; after it, it answers
 */
export async function startSlowHost(
  t: TestContext,
  server: Pick<TestServer, 'url' | 'ca'>,
  { name, tpm, quote }: { name: string; tpm: SoftwareTpm; quote: () => Promise<void> },
): Promise<SlowHost> {
  const peer = await connectPeer(t, server);
  peer.send({ type: 'hello', version: 1, host: name, agent: 'test' });
  await peer.expect('enrol-wanted');
  const { ekCertificate, ekPublic, akPublic } = tpm;
  peer.send({
    type: 'enrol',
    ek_certificate: toBase64(ekCertificate),
    ek_public: toBase64(ekPublic),
    ak_public: toBase64(akPublic),
  });
  const { credential_blob, secret } = await peer.expect('credential');
  const recovered = tpm.activate(fromBase64(credential_blob, 'credential_blob'), fromBase64(secret, 'secret'));
  peer.send({ type: 'activated', secret: toBase64(recovered) });
  await peer.expect('enrolled');
  answer(peer, tpm, await peer.expect('challenge'));
  await peer.expect('result');

  let asked = 0;
  let wake = Promise.withResolvers<void>();
  const loop = async () => {
    for (;;) {
      const frame = await peer.next(Infinity);
      if (frame.type !== 'challenge') continue;
      asked++;
      wake.resolve();
      wake = Promise.withResolvers<void>();
      const quoted = quote();
      const evidence = evidenceOf(tpm, frame); // while the TPM is at work
      void quoted.then(() => peer.send({ type: 'evidence', challenge: frame.challenge, evidence }));
    }
  };
  loop().catch(() => undefined); // the connection has ended
  return {
    name,
    get asked() {
      return asked;
    },
    nextAsked: () => wake.promise,
  };
}

const answer = (peer: Peer, tpm: SoftwareTpm, challenge: Challenge) =>
  peer.send({ type: 'evidence', challenge: challenge.challenge, evidence: evidenceOf(tpm, challenge) });

const log = corpusLog('ovmf-linux-6.1');

function evidenceOf(tpm: SoftwareTpm, { nonce, pcrs, event_log_sha256 }: Challenge): SentEvidence {
  const { akKey, akName } = tpm;
  const clockInfo = { clock: BigInt(Math.round(performance.now())) + 1000n };
  const { event_log, ...rest } = makeEvidence({
    ...{ akKey, akName, log, clockInfo },
    nonce: fromBase64(nonce, 'nonce'),
    wanted: pcrs,
  });
  return event_log_sha256 === logDigest(log) ? { ...rest, event_log_sha256 } : { ...rest, event_log };
}
