import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { decode } from '@assay/core';
import { createLog } from '@assay/daemon';
import { type Issued, testPki } from '@assay/daemon/testing';
import {
  AgentFrame,
  type Challenge,
  fromBase64,
  imaPartBytes,
  parse,
  type ServerFrame,
  tagIndex,
  tagRecord,
  tagRecordBytes,
  toBase64,
} from '@assay/protocol';
import { Attest, makeCredential, nameOf, publicKeyOf, Signature, verifySignature } from '@assay/tpm/structures';
import { startTestTpm, tpm2 } from '@assay/tpm/testing';
import { WebSocketServer } from 'ws';
import { readAkState, startAgent } from './index.ts';

const pki = testPki();
const genuine = pki.issue('server', 'DNS:localhost,IP:127.0.0.1');

/** The attestation server's side of the conversation. */
type Line = { frame(): Promise<AgentFrame>; send(frame: ServerFrame): void };
type Peer = {
  port: number;
  /** The next agent's connection. */
  connection(): Promise<Line>;
  close(): Promise<void>;
};

/** What arrives, in order, for whoever waits. */
function inbox<T>(): { put(item: T): void; take(): Promise<T> } {
  const items: T[] = [];
  const waiting: ((item: T) => void)[] = [];
  return {
    put(item) {
      const next = waiting.shift();
      if (next) next(item);
      else items.push(item);
    },
    async take() {
      return items.shift() ?? (await new Promise<T>((resolve) => waiting.push(resolve)));
    },
  };
}

async function startPeer(t: TestContext, { cert, key }: Issued, port = 0): Promise<Peer> {
  const https = createServer({ cert, key });
  const sockets = new WebSocketServer({ server: https, path: '/v1/agent' });
  const arrived = inbox<Line>();
  sockets.on('connection', (socket) => {
    const frames = inbox<AgentFrame>();
    socket.on('message', (data) => frames.put(parse(AgentFrame, data.toString(), 'frame')));
    arrived.put({ frame: frames.take, send: (frame) => socket.send(JSON.stringify(frame)) });
  });
  https.listen(port, '127.0.0.1');
  await once(https, 'listening');
  const close = async () => {
    for (const client of sockets.clients) client.terminate();
    sockets.close();
    await new Promise((done) => https.close(done));
  };
  t.after(close);
  return {
    port: (https.address() as AddressInfo).port,
    close,
    connection: arrived.take,
  };
}

const challenge = (): Challenge => ({
  type: 'challenge',
  challenge: randomUUID(),
  nonce: toBase64(randomBytes(32)),
  pcrs: [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }],
});

async function hostWithAgent(t: TestContext, server: { port: number }) {
  const tpm = await startTestTpm();
  t.after(() => tpm.stop());
  const folder = mkdtempSync(join(tmpdir(), 'assay-agent-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const eventLog = join(folder, 'boot-log.bin');
  writeFileSync(eventLog, 'the boot log, as it is');
  const options = {
    attestation_server: `https://127.0.0.1:${server.port}`,
    ca_file: pki.caFile,
    host: 'node1',
    tpm: tpm.spec,
    event_log: eventLog,
    ima_log: join(folder, 'ima-log.bin'),
    owner_auth_file: undefined,
    state_dir: join(folder, 'state'),
  };
  const start = (log = createLog('agent', 'silent')) => {
    const agent = startAgent(options, { log });
    t.after(() => agent.stop());
    return agent;
  };
  return { tpm, options, eventLog, imaLog: options.ima_log, start };
}

test('a new host enrols: only its TPM recovers the secret, and the key is remembered', async (t) => {
  const server = await startPeer(t, genuine);
  const { options, start } = await hostWithAgent(t, server);
  start();
  const line = await server.connection();
  const hello = await line.frame();
  assert.ok(hello.type === 'hello' && hello.host === 'node1' && hello.ak_name === undefined);

  line.send({ type: 'enrol-wanted' });
  const enrol = await line.frame();
  assert.ok(enrol.type === 'enrol');
  const akPublic = fromBase64(enrol.ak_public, 'ak_public');
  const secret = randomBytes(32);
  const credential = makeCredential({
    ekPublic: fromBase64(enrol.ek_public, 'ek_public'),
    akName: nameOf(akPublic),
    secret,
    random: randomBytes,
  });
  line.send({
    type: 'credential',
    credential_blob: toBase64(credential.credentialBlob),
    secret: toBase64(credential.secret),
  });
  assert.deepEqual(await line.frame(), { type: 'activated', secret: toBase64(secret) });
  assert.equal(await readAkState(options.state_dir), undefined, 'nothing is remembered before the server confirmed it');

  const akName = nameOf(akPublic).toHex();
  line.send({ type: 'enrolled', ak_name: akName });
  const asked = challenge();
  line.send(asked);
  const answer = await line.frame();
  assert.ok(answer.type === 'evidence' && answer.challenge === asked.challenge);
  assert.equal((await readAkState(options.state_dir))?.ak_name, akName);

  const quote = fromBase64(answer.evidence.quote, 'quote');
  const signature = decode(Signature, fromBase64(answer.evidence.signature, 'signature'), 'signature');
  assert.ok(verifySignature(publicKeyOf(akPublic), signature, quote));
  assert.equal(toBase64(decode(Attest, quote, 'quote').extraData), asked.nonce);
  assert.equal(fromBase64(answer.evidence.event_log ?? '', 'log').toString(), 'the boot log, as it is');
});

test('a host that has enrolled says so, and comes back after the server was away', async (t) => {
  let server = await startPeer(t, genuine);
  const { options, tpm, start } = await hostWithAgent(t, server);
  const agent = start();
  const first = await server.connection();
  await first.frame();
  first.send({ type: 'enrol-wanted' });
  const enrol = await first.frame();
  assert.ok(enrol.type === 'enrol');
  const akName = Buffer.from(nameOf(fromBase64(enrol.ak_public, 'ak_public'))).toString('hex');
  first.send({ type: 'enrolled', ak_name: akName });
  first.send(challenge());
  await first.frame();

  await tpm.restart(); // the host reboots: the key is made again from the TPM's seed
  await server.close();
  server = await startPeer(t, genuine, server.port);
  const second = await server.connection();
  const hello = await second.frame();
  assert.ok(hello.type === 'hello' && hello.ak_name === akName);
  second.send(challenge());
  assert.equal((await second.frame()).type, 'evidence');
  await agent.stop();
  assert.equal(JSON.parse(readFileSync(join(options.state_dir, 'ak.json'), 'utf8')).ak_name, akName);
});

test('between answers the TPM is free for other programs', async (t) => {
  const server = await startPeer(t, genuine);
  const { tpm, start } = await hostWithAgent(t, server);
  start();
  const line = await server.connection();
  await line.frame();
  for (const round of [1, 2]) {
    line.send(challenge());
    assert.equal((await line.frame()).type, 'evidence');
    assert.match(await tpm2(tpm.dir, tpm.spec, 'pcrread', 'sha256:0'), /sha256/, `round ${round}`);
  }
});

test('what the host cannot do is told to the server in words, and the line stays open', async (t) => {
  const server = await startPeer(t, genuine);
  const { eventLog, start } = await hostWithAgent(t, server);
  start();
  const line = await server.connection();
  await line.frame();
  rmSync(eventLog);
  const asked = challenge();
  line.send(asked);
  const failed = await line.frame();
  assert.ok(failed.type === 'failed' && failed.code === 'agent-event-log' && failed.challenge === asked.challenge);
  writeFileSync(eventLog, 'back again');
  line.send(challenge());
  assert.equal((await line.frame()).type, 'evidence');
});

test('a boot log that the server has already is named, not sent', async (t) => {
  const server = await startPeer(t, genuine);
  const { eventLog, start } = await hostWithAgent(t, server);
  start();
  const line = await server.connection();
  await line.frame();
  const sent = async (event_log_sha256: string) => {
    line.send({ ...challenge(), event_log_sha256 });
    const answer = await line.frame();
    assert.ok(answer.type === 'evidence');
    return answer.evidence;
  };
  const digest = () => createHash('sha256').update(readFileSync(eventLog)).digest('hex');
  const known = digest();
  const { event_log, event_log_sha256 } = await sent(known);
  assert.deepEqual([event_log, event_log_sha256], [undefined, known]);
  writeFileSync(eventLog, 'the log of another boot');
  const other = await sent(known);
  assert.equal(fromBase64(other.event_log ?? '', 'log').toString(), 'the log of another boot');
  assert.equal(other.event_log_sha256, undefined);
});

test('IMA’s list is sent from where the server asked, as long as the TPM was not started anew', async (t) => {
  const server = await startPeer(t, genuine);
  const { imaLog, tpm, start } = await hostWithAgent(t, server);
  start();
  const line = await server.connection();
  await line.frame();
  const sent = async (from: Pick<Challenge, 'ima_offset' | 'ima_since'>) => {
    line.send({ ...challenge(), ...from });
    const answer = await line.frame();
    assert.ok(answer.type === 'evidence');
    const { ima_log, quote } = answer.evidence;
    const { resetCount: reset_count, restartCount: restart_count } = decode(
      Attest,
      fromBase64(quote, 'q'),
      'q',
    ).clockInfo;
    const part = ima_log && { ...ima_log, data: fromBase64(ima_log.data, 'data') };
    return { part, counters: { reset_count, restart_count } };
  };
  assert.equal((await sent({ ima_offset: 0 })).part, undefined, 'a kernel without IMA has no list');
  writeFileSync(imaLog, 'the list');
  assert.equal((await sent({})).part, undefined, 'a server that does not want it gets none');
  const { part, counters } = await sent({ ima_offset: 0 });
  assert.deepEqual([part?.offset, Buffer.from(part?.data ?? []).toString()], [0, 'the list']);
  const next = await sent({ ima_offset: 4, ima_since: counters });
  assert.deepEqual([next.part?.offset, Buffer.from(next.part?.data ?? []).toString()], [4, 'list']);
  assert.equal((await sent({ ima_offset: 8, ima_since: counters })).part?.data.length, 0, 'nothing new');
  await tpm.restart();
  assert.equal((await sent({ ima_offset: 4, ima_since: counters })).part?.offset, 0, 'after a reboot all of it');

  const long = Buffer.alloc(imaPartBytes + 10, 'x');
  writeFileSync(imaLog, long);
  const first = await sent({ ima_offset: 0 });
  assert.deepEqual([first.part?.data.length, first.part?.more], [imaPartBytes, true]);
  const rest = await sent({ ima_offset: imaPartBytes, ima_since: first.counters });
  assert.deepEqual([rest.part?.data.length, rest.part?.more], [10, undefined]);
});

test('an IMA list that is there and cannot be read is told in words', async (t) => {
  const server = await startPeer(t, genuine);
  const { imaLog, start } = await hostWithAgent(t, server);
  mkdirSync(imaLog);
  start();
  const line = await server.connection();
  await line.frame();
  line.send({ ...challenge(), ima_offset: 0 });
  const failed = await line.frame();
  assert.ok(failed.type === 'failed' && failed.code === 'agent-ima-log');
  assert.match(failed.message, /\[agent\] ima_log .*as root/);
});

test('T03 a server that the CA did not vouch for hears nothing', async (t) => {
  const impostor = await startPeer(t, testPki().issue('server', 'DNS:localhost,IP:127.0.0.1'));
  const { options, start } = await hostWithAgent(t, impostor);
  let heard = false;
  void impostor.connection().then(() => {
    heard = true;
  });
  const lines = new PassThrough();
  start(createLog('agent', 'warn', lines));
  const [line] = await once(lines, 'data');
  assert.match(JSON.parse(line).reason, /unable to verify|certificate/);
  assert.equal(heard, false);

  const honest = await startPeer(t, genuine);
  options.attestation_server = `https://127.0.0.1:${honest.port}`;
  start();
  assert.equal((await (await honest.connection()).frame()).type, 'hello');
});

test('asset tags are written and certified as the server asks, and what keeps them out is told in words', async (t) => {
  const server = await startPeer(t, genuine);
  const { start } = await hostWithAgent(t, server);
  start();
  const line = await server.connection();
  const hello = await line.frame();
  assert.ok(hello.type === 'hello' && hello.writes_tags);
  const asked: Challenge = { ...challenge(), nv: { index: tagIndex, size: tagRecordBytes } };
  const untold = async () => {
    const answer = await line.frame();
    assert.ok(answer.type === 'evidence');
    return answer.evidence;
  };
  line.send(asked);
  const none = await untold();
  assert.equal(none.nv, undefined);
  assert.match(none.nv_absent ?? '', /0x01a55a00/);

  const record = tagRecord({ serial: 9, ekName: new Uint8Array(34), tags: { country: 'DE' } });
  line.send({ type: 'tag', serial: 8, record: toBase64(record.subarray(1)) });
  const failed = await line.frame();
  assert.ok(failed.type === 'failed' && failed.tag === 8, JSON.stringify(failed));
  line.send({ type: 'tag', serial: 9, record: toBase64(record) });
  assert.deepEqual(await line.frame(), { type: 'tagged', serial: 9 });
  line.send(asked);
  const { nv: certified, nv_absent } = await untold();
  assert.equal(nv_absent, undefined);
  const attest = decode(Attest, fromBase64(certified?.attest ?? '', 'attest'), 'attest');
  assert.ok(attest.type === 'nv');
  assert.deepEqual([toBase64(attest.nvContents), toBase64(attest.extraData)], [toBase64(record), asked.nonce]);

  line.send(challenge());
  const plain = await untold();
  assert.deepEqual([plain.nv, plain.nv_absent], [undefined, undefined], 'nobody asked');
});
