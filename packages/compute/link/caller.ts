// The compute host's end of the link: keeps one connection to the compute API, says first what is on this host, carries out
// orders, and begins again when the connection is lost. What it could not tell meanwhile is in the next first frame.
import { AssayError } from '@assay/core';
import { type Log, lineFor } from '@assay/daemon';
import { parse } from '@assay/protocol';
import { WebSocket } from 'ws';
import { type Command, FromApi, type FromHost, maxFrameBytes, type Register, type Status } from './frames.ts';

export type CallerOptions = {
  /** `https://host:port` of the compute API's link listener. */
  url: string;
  /** PEM */
  ca: Buffer;
  cert: Buffer;
  key: Buffer;
  log: Log;
  /** What is on this host at this moment. */
  report(): Omit<Register, 'type'>;
  /** Carries out an order; `output` of `console`. Its AssayError is the answer. */
  carryOut(command: Command): Promise<{ output?: string } | undefined>;
  /** 0 ≤ x < 1; spreads reconnections. */
  random?: () => number;
  firstDelayMs?: number;
};

export type Caller = {
  /** Told now if connected; else the next first frame tells. */
  status(status: Omit<Status, 'type'>): void;
  connected(): boolean;
  close(): void;
};

const longestDelayMs = 5_000;

export function callLink(options: CallerOptions): Caller {
  const { log, random = Math.random, firstDelayMs = 200 } = options;
  const url = new URL('/v1/host', options.url.replace(/^https:/, 'wss:'));
  let socket: WebSocket | undefined;
  let registered = false;
  let closed = false;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;

  const open = () => {
    const current = new WebSocket(url, {
      ca: options.ca,
      cert: options.cert,
      key: options.key,
      minVersion: 'TLSv1.2',
      handshakeTimeout: 10_000,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
      followRedirects: false,
    });
    socket = current;
    let beat: NodeJS.Timeout | undefined;
    const send = (frame: FromHost) => {
      if (current.readyState === WebSocket.OPEN) current.send(JSON.stringify(frame));
    };
    current.on('open', () => send({ type: 'register', ...options.report() }));
    current.on('message', (data) => {
      try {
        const frame = parse(FromApi, String(data), options.url);
        if (frame.type === 'registered') {
          registered = true;
          failures = 0;
          clearInterval(beat);
          beat = setInterval(() => send({ type: 'heartbeat' }), frame.heartbeat_ms);
          log.info({ url: options.url }, 'connected to the compute API');
        } else void answer(frame, send);
      } catch (error) {
        log.error({ err: error }, 'the compute API said something that cannot be taken');
        current.close(1008);
      }
    });
    // A peer that vanished without a word shows by pings that nobody answers.
    let answered = true;
    current.on('pong', () => {
      answered = true;
    });
    const probe = setInterval(() => {
      if (!answered) return current.terminate();
      answered = false;
      if (current.readyState === WebSocket.OPEN) current.ping();
    }, 15_000);
    current.on('error', (error) => {
      if (failures === 0) log.warn({ url: options.url, reason: error.message }, 'no connection to the compute API');
    });
    current.on('close', () => {
      clearInterval(beat);
      clearInterval(probe);
      if (registered) log.warn({ url: options.url }, 'the connection to the compute API is lost');
      registered = false;
      if (closed) return;
      // Half fixed, half random: many hosts come back one after the other, none of them late.
      const delay = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures, 10));
      failures++;
      retry = setTimeout(open, delay / 2 + (random() * delay) / 2);
    });
  };

  async function answer(command: Command, send: (frame: FromHost) => void): Promise<void> {
    const { request } = command;
    try {
      const result = await options.carryOut(command);
      send({ type: 'answer', request, ...(result?.output === undefined ? {} : { output: result.output }) });
    } catch (error) {
      const level = error instanceof AssayError ? 'warn' : 'error';
      log[level]({ err: error, order: command.type }, 'an order could not be carried out');
      const code = error instanceof AssayError ? error.code : 'internal';
      send({ type: 'answer', request, error: { code, message: lineFor(error).slice(0, 4000) } });
    }
  }

  open();
  return {
    status(status) {
      if (registered) socket?.send(JSON.stringify({ type: 'status', ...status } satisfies FromHost));
    },
    connected: () => registered,
    close() {
      closed = true;
      clearTimeout(retry);
      socket?.terminate();
    },
  };
}
