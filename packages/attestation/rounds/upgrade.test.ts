import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { createLog } from '@assay/daemon';
import { createHttpsServer, listen } from '@assay/daemon/https';
import { testPki } from '@assay/daemon/testing';
import { WebSocket } from 'ws';
import { openAgentDoor } from './upgrade.ts';

const pki = testPki();
const { certFile, keyFile } = pki.issue('attestation-server', 'IP:127.0.0.1');
const log = createLog('test', 'silent');
const hello = JSON.stringify({ type: 'hello', version: 1, host: 'node1', agent: 'test' });

test('T07 strangers push each other out, never a host that is known', async (t) => {
  const server = createHttpsServer({ certFile, keyFile, clientCertificate: 'none', log });
  const door = openAgentDoor(server, { log, most: 100, mostStrangers: 2 }, (line) => {
    let said = false;
    return {
      known: () => said,
      async frame() {
        said = true;
        line.send({ type: 'enrol-wanted' });
      },
      ended: async () => undefined,
    };
  });
  const { port, close } = await listen(server, { host: '127.0.0.1', port: 0 });
  t.after(async () => {
    await door.close();
    await close();
  });
  const connected = async () => {
    const socket = new WebSocket(`wss://127.0.0.1:${port}/v1/agent`, { ca: pki.ca });
    await once(socket, 'open');
    return socket;
  };
  const known = await connected();
  known.send(hello);
  await once(known, 'message');
  const oldest = await connected();
  const ended = once(oldest, 'close');
  const others = [await connected(), await connected()];
  await ended;
  known.send(hello);
  await once(known, 'message');
  assert.ok([known, ...others].every(({ readyState }) => readyState === WebSocket.OPEN));
});
