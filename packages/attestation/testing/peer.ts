// The other end of an agent's connection, in a test's hand: sends what it is told to, right or wrong.
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { type AgentFrame, parse, ServerFrame } from '@assay/protocol';
import { WebSocket } from 'ws';
import type { TestServer } from './server.ts';

export type Peer = {
  /** A frame; or text or bytes as they are. */
  send(frame: AgentFrame | string | Uint8Array): void;
  /** The next frame of the server. Rejects when the connection has ended, or after 20 s unless told otherwise. */
  next(waitMs?: number): Promise<ServerFrame>;
  /** The next frame, which must be of this type. */
  expect<T extends ServerFrame['type']>(type: T): Promise<Extract<ServerFrame, { type: T }>>;
  /** Close code, once it has ended. */
  readonly closed: Promise<number>;
  /** Without a goodbye, as when the power goes. */
  cut(): void;
};

const patienceMs = 20_000;

export async function connectPeer(t: TestContext, server: Pick<TestServer, 'url' | 'ca'>): Promise<Peer> {
  const socket = new WebSocket(`${server.url.replace('https', 'wss')}/v1/agent`, { ca: server.ca });
  t.after(() => socket.terminate());
  const frames: ServerFrame[] = [];
  let wake = Promise.withResolvers<void>();
  socket.on('message', (data) => {
    frames.push(parse(ServerFrame, data.toString(), 'frame of the server'));
    wake.resolve();
  });
  const closed = new Promise<number>((resolve) => {
    socket.on('close', (code) => {
      resolve(code);
      wake.resolve();
    });
  });
  await once(socket, 'open');
  socket.on('error', () => undefined);

  const next = async (waitMs = patienceMs): Promise<ServerFrame> => {
    const late =
      waitMs === Infinity
        ? undefined
        : setTimeout(() => wake.reject(new Error(`the server sent nothing for ${waitMs / 1000} s`)), waitMs);
    try {
      for (;;) {
        const frame = frames.shift();
        if (frame) return frame;
        if (socket.readyState === WebSocket.CLOSED) throw new Error('the connection has ended');
        wake = Promise.withResolvers<void>();
        await wake.promise;
      }
    } finally {
      clearTimeout(late);
    }
  };
  return {
    send: (frame) =>
      socket.send(typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame)),
    next,
    async expect<T extends ServerFrame['type']>(type: T) {
      const frame = await next();
      if (frame.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(frame)}`);
      return frame as Extract<ServerFrame, { type: T }>;
    },
    closed,
    cut: () => socket.terminate(),
  };
}
