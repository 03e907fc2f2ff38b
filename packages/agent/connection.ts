// The agent's line to the attestation server: opened from here, kept open, one frame answered after the other.
// Knows nothing of what the frames mean.
import { readFile } from 'node:fs/promises';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';
import { type AgentFrame, parse, ServerFrame } from '@assay/protocol';
import { WebSocket } from 'ws';

/** What to do with a frame. Frames are handed over one at a time, in order. */
export type Conversation = {
  /** First frames of a new connection. */
  hello(send: (frame: AgentFrame) => void): Promise<void>;
  answer(frame: ServerFrame, send: (frame: AgentFrame) => void): Promise<void>;
};

export type ConnectionOptions = {
  /** `https://host:port` */
  server: string;
  caFile: string;
  conversation: Conversation;
  log: Log;
  /** 0 ≤ x < 1: spreads the reconnects of a fleet. */
  random?: () => number;
  firstDelayMs?: number;
  longestDelayMs?: number;
};

const handshakeTimeoutMs = 10_000;
/** A line on which nothing answered a ping for this long is dead. */
const silenceMs = 20_000;
const longestFrame = 256 * 1024;

/** Keeps one connection open until `stop`. Never gives up: a server that is away comes back. */
export function keepConnected(options: ConnectionOptions): { stop(): Promise<void> } {
  const { log, random = Math.random, firstDelayMs = 500, longestDelayMs = 10_000 } = options;
  const stopped = new AbortController();
  let failures = 0;

  const run = async () => {
    while (!stopped.signal.aborted) {
      const end = await converse(options, stopped.signal);
      if (stopped.signal.aborted) return;
      failures = end.fruitful ? 0 : failures + 1;
      const ceiling = end.waitForPerson ? longestDelayMs : Math.min(longestDelayMs, firstDelayMs * 2 ** failures);
      const delayMs = Math.round(ceiling * (0.5 + random() / 2));
      log.warn({ server: options.server, reason: end.reason, retry_in_ms: delayMs }, 'connection ended');
      await pause(delayMs, stopped.signal);
    }
  };
  const running = run();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

type End = { reason: string; fruitful: boolean; waitForPerson: boolean };

async function converse({ server, caFile, conversation, log }: ConnectionOptions, stop: AbortSignal): Promise<End> {
  let ca: Buffer;
  try {
    ca = await readFile(caFile); // read anew for each connection: a renewed CA needs no restart
  } catch (cause) {
    return { reason: `[agent] ca_file ${caFile}: ${(cause as Error).message}`, fruitful: false, waitForPerson: true };
  }
  return await new Promise<End>((resolve) => {
    const socket = new WebSocket(`${server.replace(/^https:/, 'wss:').replace(/\/+$/, '')}/v1/agent`, {
      ca,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      handshakeTimeout: handshakeTimeoutMs,
      maxPayload: longestFrame,
      followRedirects: false,
      perMessageDeflate: false,
    });
    let reason = 'closed';
    let fruitful = false;
    let waitForPerson = false;
    let alive = true;
    let turn: Promise<void> = Promise.resolve();

    const send = (frame: AgentFrame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    };
    const fail = (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
      socket.terminate();
    };
    const next = (work: () => Promise<void>) => {
      turn = turn.then(work).catch(fail);
    };
    const heartbeat = setInterval(() => {
      if (!alive) return fail(new Error(`no answer to a ping for ${silenceMs} ms`));
      alive = false;
      socket.ping();
    }, silenceMs);
    const abort = () => socket.terminate();
    stop.addEventListener('abort', abort, { once: true });

    socket.on('open', () => next(() => conversation.hello(send)));
    socket.on('pong', () => {
      alive = true;
    });
    socket.on('ping', () => {
      alive = true;
    });
    socket.on('message', (data, isBinary) =>
      next(async () => {
        if (isBinary) throw new AssayError('agent-frame', server, 'a text frame', 'a binary one');
        const frame = parse(ServerFrame, data.toString(), `frame from ${server}`);
        if (frame.type === 'refused') {
          waitForPerson = !frame.retry;
          throw new AssayError(frame.code, server, 'to be accepted', frame.message);
        }
        if (frame.type === 'result') fruitful = true;
        await conversation.answer(frame, send);
      }),
    );
    socket.on('error', (error) => {
      reason = `${server}: ${error.message}`;
    });
    socket.on('close', (code) => {
      clearInterval(heartbeat);
      stop.removeEventListener('abort', abort);
      if (reason === 'closed') reason = `${server} closed the connection (${code})`;
      // What was under way ends first: two conversations never share the TPM.
      void turn.then(() => resolve({ reason, fruitful, waitForPerson }));
    });
    log.debug({ server }, 'connecting');
  });
}

function pause(delayMs: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    stop.addEventListener('abort', done, { once: true });
    if (stop.aborted) done();
  });
}
