// Asks an agent, as the attestation server does: enrolment, then one challenge over every PCR and bank there is. Keeps what
// came; judges nothing of it.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { AssayError } from '@assay/core';
import { testPki } from '@assay/daemon/testing';
import {
  AgentFrame,
  ClaimedEvidence,
  check,
  fromBase64,
  type PcrWish,
  parse,
  type ServerFrame,
  toBase64,
} from '@assay/protocol';
import { makeCredential, nameOf } from '@assay/tpm/structures';
import { type WebSocket, WebSocketServer } from 'ws';

export type Enrolled = {
  enrol: Extract<AgentFrame, { type: 'enrol' }>;
  /** One challenge, over a nonce of its own. Rejects when the agent says that it cannot. */
  challenge(): Promise<Asked>;
};
export type Asked = {
  /** Base64, as sent. */
  nonce: string;
  wanted: PcrWish[];
  evidence: ClaimedEvidence;
};

export type Asker = {
  port: number;
  caFile: string;
  /** The next agent that calls, once its TPM has proved that it holds EK and AK. */
  next(): Promise<Enrolled>;
  close(): Promise<void>;
};

const wanted: PcrWish[] = (['sha256', 'sha384'] as const).map((bank) => ({
  bank,
  pcrs: Array.from({ length: 24 }, (_, pcr) => pcr),
}));

/** @param folder for keys and certificates */
export async function startAsker(folder: string): Promise<Asker> {
  const pki = testPki(folder);
  const { cert, key } = pki.issue('attestation-server', 'DNS:attestation-server');
  const https = createServer({ cert, key });
  const sockets = new WebSocketServer({ server: https, path: '/v1/agent' });
  https.listen(0, '127.0.0.1');
  await once(https, 'listening');
  return {
    port: (https.address() as AddressInfo).port,
    caFile: pki.caFile,
    async next() {
      const [socket] = await once(sockets, 'connection');
      return await enrolled(inbox(socket));
    },
    async close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      await new Promise((done) => https.close(done));
    },
  };
}

type Line = {
  send(frame: ServerFrame): void;
  take<T extends AgentFrame['type']>(type: T): Promise<Extract<AgentFrame, { type: T }>>;
};

/** Frames one after the other. */
function inbox(socket: WebSocket): Line {
  const frames: AgentFrame[] = [];
  let failure: unknown;
  let wake = Promise.withResolvers<void>();
  const fail = (error: unknown) => {
    failure ??= error;
    wake.resolve();
  };
  socket.on('close', () => fail(new AssayError('measured-boot', 'agent', 'an answer', 'it hung up')));
  socket.on('message', (data) => {
    try {
      frames.push(parse(AgentFrame, data.toString(), 'frame of the agent'));
      wake.resolve();
    } catch (error) {
      fail(error);
    }
  });
  return {
    send: (frame) => socket.send(JSON.stringify(frame)),
    async take(type) {
      for (;;) {
        const frame = frames.shift();
        if (frame?.type === type) return frame as never;
        if (frame) throw new AssayError('measured-boot', 'agent', type, JSON.stringify(frame));
        if (failure) throw failure;
        wake = Promise.withResolvers();
        await wake.promise;
      }
    },
  };
}

async function enrolled(line: Line): Promise<Enrolled> {
  await line.take('hello');
  line.send({ type: 'enrol-wanted' });
  const enrol = await line.take('enrol');
  const akName = nameOf(fromBase64(enrol.ak_public, 'ak_public'));
  const secret = randomBytes(32);
  const ekPublic = fromBase64(enrol.ek_public, 'ek_public');
  const made = makeCredential({ ekPublic, akName, secret, random: randomBytes });
  line.send({ type: 'credential', credential_blob: toBase64(made.credentialBlob), secret: toBase64(made.secret) });
  const { secret: recovered } = await line.take('activated');
  if (recovered !== toBase64(secret)) throw new AssayError('measured-boot', 'agent', 'the secret', recovered);
  line.send({ type: 'enrolled', ak_name: akName.toHex() });
  return {
    enrol,
    async challenge() {
      const [id, nonce] = [randomUUID(), toBase64(randomBytes(32))];
      line.send({ type: 'challenge', challenge: id, nonce, pcrs: wanted, ima_offset: 0 });
      const { evidence } = await line.take('evidence');
      line.send({ type: 'result', challenge: id, trust: 'unknown', reason: 'recorded' });
      return { nonce, wanted, evidence: check(ClaimedEvidence, evidence, 'evidence of the agent') };
    },
  };
}
