// How does a host keep a line to a server? It calls, stays connected, hears one frame after the other, and calls again with a
// pause that grows and differs from host to host. Knows nothing of what the frames mean.
import { setTimeout as wait } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { WebSocket } from 'ws';
import type { Log } from './log.ts';

/** One connection, while it lasts. */
export type Line<Frame> = {
  /** Nothing when the connection has ended. */
  send(frame: Frame): void;
  /** The peer took us: what fails after this counts as the first failure. */
  accepted(): void;
  /** Only a person can mend it: the next call comes after the longest pause. */
  refused(): void;
};

/** What to say. Each is called after the one before has ended; what it throws ends the connection. */
export type Conversation<Frame> = {
  opened(line: Line<Frame>): void | Promise<void>;
  take(text: string, line: Line<Frame>): void | Promise<void>;
  /** Of a connection that was opened or not. */
  ended?(): void;
};

export type CallOptions<Frame> = {
  /** `https://NAME:PORT/PATH` */
  url: string;
  /** PEM; asked for each connection, so that a renewed file needs no restart. */
  tls(): Tls | Promise<Tls>;
  conversation: Conversation<Frame>;
  /** Longer messages end the connection. */
  maxFrameBytes: number;
  log: Log;
  /** Of the pause after the first failure; it doubles with each. */
  firstDelayMs: number;
  longestDelayMs: number;
  /** A line on which nothing answered a ping for this long is dead. */
  silenceMs: number;
  /** 0 ≤ x < 1: spreads the calls of a fleet. */
  random?: () => number;
};
type Tls = { ca: Buffer; cert?: Buffer; key?: Buffer };

const handshakeMs = 10_000;

/**
 * Keeps one connection open until `stop`, which resolves when nothing is under way any more. Never gives up: a server that is
 * away comes back. @throws AssayError `config-value` for a URL that is not https
 */
export function keepConnected<Frame>(options: CallOptions<Frame>): { stop(): Promise<void> } {
  const { log, random = Math.random, firstDelayMs, longestDelayMs } = options;
  const url = URL.parse(options.url);
  if (url?.protocol !== 'https:') throw new AssayError('config-value', options.url, 'https://NAME:PORT', url?.protocol);
  const server = url.origin;
  const stopped = new AbortController();

  const run = async () => {
    let failures = 0;
    let told = '';
    while (!stopped.signal.aborted) {
      log.debug({ server }, 'connecting');
      const { reason, accepted, refused } = await converse(url, options, stopped.signal);
      if (stopped.signal.aborted) return;
      if (accepted) failures = 0;
      const longest = refused ? longestDelayMs : Math.min(longestDelayMs, firstDelayMs * 2 ** failures);
      failures++;
      // Half fixed, half random: many hosts come back one after the other, none of them late.
      const delayMs = Math.round(longest * (0.5 + random() / 2));
      const level = accepted || reason !== told ? 'warn' : 'debug';
      log[level]({ server, reason, retry_in_ms: delayMs }, 'connection ended');
      told = reason;
      await wait(delayMs, undefined, { signal: stopped.signal }).catch(() => undefined);
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

type End = { reason: string; accepted: boolean; refused: boolean };

async function converse<Frame>(url: URL, options: CallOptions<Frame>, stop: AbortSignal): Promise<End> {
  const { conversation, log } = options;
  const server = url.origin;
  const end: End = { reason: '', accepted: false, refused: false };
  let socket: WebSocket;
  try {
    socket = new WebSocket(url.href.replace(/^https:/, 'wss:'), {
      ...(await options.tls()),
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      handshakeTimeout: handshakeMs,
      maxPayload: options.maxFrameBytes,
      followRedirects: false,
      perMessageDeflate: false,
    });
  } catch (error) {
    return { ...end, reason: (error as Error).message, refused: true }; // files that are missing, or are no PEM
  }
  return await new Promise<End>((resolve) => {
    let answered = true;
    let failed = false;
    let turn: Promise<void> = Promise.resolve();

    const line: Line<Frame> = {
      send(frame) {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
      },
      accepted() {
        end.accepted = true;
      },
      refused() {
        end.refused = true;
      },
    };
    const fail = (error: unknown) => {
      if (!failed && !(error instanceof AssayError))
        log.error({ err: error, server }, 'a frame could not be dealt with');
      failed = true;
      end.reason ||= (error as Error).message;
      socket.terminate();
    };
    const next = (work: () => void | Promise<void>) => {
      turn = turn.then(() => (failed || stop.aborted ? undefined : work())).catch(fail);
    };
    const heard = () => {
      answered = true;
    };
    const probe = setInterval(() => {
      if (!answered) return fail(new AssayError('websocket-silent', server, 'an answer to a ping', 'none'));
      answered = false;
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }, options.silenceMs);
    const abort = () => socket.terminate();
    stop.addEventListener('abort', abort, { once: true });
    if (stop.aborted) abort(); // while the files were read

    socket.on('open', () => next(() => conversation.opened(line)));
    socket.on('pong', heard);
    socket.on('ping', heard);
    socket.on('message', (data, isBinary) => {
      heard();
      next(() => {
        if (isBinary) throw new AssayError('websocket-frame', server, 'a text frame', 'a binary one');
        return conversation.take(data.toString(), line);
      });
    });
    socket.on('error', (error) => {
      end.reason ||= `${server}: ${error.message}`;
    });
    socket.on('close', (code) => {
      clearInterval(probe);
      stop.removeEventListener('abort', abort);
      end.reason ||= `${server} closed the connection (${code})`;
      // What is under way ends first: two conversations never run side by side.
      void turn.then(() => {
        conversation.ended?.();
        resolve(end);
      });
    });
  });
}
