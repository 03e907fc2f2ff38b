// The compute host's end of the link: keeps one connection to the compute API, says first what is on this host, carries out
// orders, and begins again when the connection is lost. What it could not tell meanwhile is in the next first frame.
import { AssayError } from '@assay/core';
import { type Log, lineFor } from '@assay/daemon';
import { keepConnected, type Line } from '@assay/daemon/websocket';
import { parse } from '@assay/protocol';
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

export function callLink(options: CallerOptions): Caller {
  const { log, url, ca, cert, key, random, firstDelayMs = 200 } = options;
  let registered: Line<FromHost> | undefined;
  let beat: NodeJS.Timeout | undefined;

  const connection = keepConnected<FromHost>({
    url: new URL('/v1/host', url).href,
    tls: () => ({ ca, cert, key }),
    conversation: {
      opened: (line) => line.send({ type: 'register', ...options.report() }),
      take(text, line) {
        const frame = parse(FromApi, text, url);
        if (frame.type !== 'registered') return void answer(frame, line); // an order may take long, another comes meanwhile
        registered = line;
        line.accepted();
        clearInterval(beat);
        beat = setInterval(() => line.send({ type: 'heartbeat' }), frame.heartbeat_ms);
        log.info({ url }, 'connected to the compute API');
      },
      ended() {
        clearInterval(beat);
        registered = undefined;
      },
    },
    maxFrameBytes,
    log,
    firstDelayMs,
    longestDelayMs: 5_000,
    silenceMs: 15_000,
    ...(random && { random }),
  });

  async function answer(command: Command, line: Line<FromHost>): Promise<void> {
    const { request } = command;
    try {
      const result = await options.carryOut(command);
      line.send({ type: 'answer', request, ...(result?.output === undefined ? {} : { output: result.output }) });
    } catch (error) {
      const level = error instanceof AssayError ? 'warn' : 'error';
      log[level]({ err: error, order: command.type }, 'an order could not be carried out');
      const code = error instanceof AssayError ? error.code : 'internal';
      line.send({ type: 'answer', request, error: { code, message: lineFor(error).slice(0, 4000) } });
    }
  }

  return {
    status: (status) => registered?.send({ type: 'status', ...status }),
    connected: () => registered !== undefined,
    close: () => void connection.stop(),
  };
}
