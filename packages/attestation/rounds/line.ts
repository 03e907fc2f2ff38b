// One connection of an agent: frames in and out, one handled after the other. A bad frame costs its sender this connection
// and nobody else anything. Knows nothing of what the frames mean.
import { randomUUID } from 'node:crypto';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';
import { AgentFrame, parse, type ServerFrame } from '@assay/protocol';
import { WebSocket } from 'ws';

export type Line = {
  /** Ours, new for each connection. */
  readonly id: string;
  readonly log: Log;
  /** Nothing is sent on a line that has ended. */
  send(frame: ServerFrame): void;
  /** Tells the agent why, then ends. */
  refuse(error: unknown): void;
  end(): void;
};

/** What becomes of the frames. Called one at a time; what they throw ends the line. */
export type LineUser = {
  /** Whether the other end is, as far as we can tell, a host that has enrolled: only those have evidence to send. */
  known(): boolean;
  frame(frame: AgentFrame): Promise<void>;
  ended(): Promise<void>;
};

/** The largest frame is evidence with a boot log of 4 MiB and as much of IMA's list, both in base64. */
export const longestFrame = 12 * 1024 * 1024;
/** A stranger's hello, endorsement and secret, all together, have less than 20 KiB. */
const mostOfStrangers = 64 * 1024;
const silenceMs = 20_000;
/** Frames that wait to be handled; an honest agent never has more than one under way. */
const mostWaiting = 4;
const mostUnsent = 1024 * 1024;
/** How long the other side may take to say goodbye. */
const goodbyeMs = 1_000;
/** Only a person can mend these: the agent need not try again soon. */
const permanent = /^(enrol-(?!activation)|ek-|ak-|wire-|tpm-|message-|agent-frame$)/;

export function openLine(socket: WebSocket, { log, peer }: { log: Log; peer: string }, use: (line: Line) => LineUser) {
  const id = randomUUID();
  let alive = true;
  let waiting = 0;
  let ofStranger = 0;
  let finished = false;
  let turn: Promise<void> = Promise.resolve();

  const line: Line = {
    id,
    log: log.child({ connection: id, peer }),
    send(frame) {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (socket.bufferedAmount > mostUnsent) return socket.terminate(); // it does not read
      socket.send(JSON.stringify(frame));
    },
    refuse(error) {
      if (finished) return;
      const told = error instanceof AssayError;
      if (!told) line.log.error({ err: error }, 'agent connection failed');
      else line.log.warn({ code: error.code }, error.message);
      line.send({
        type: 'refused',
        code: told ? error.code : 'internal',
        message: told ? error.message : 'internal error; the log of the attestation server has it',
        retry: !(told && permanent.test(error.code)),
      });
      line.end();
    },
    end() {
      socket.close();
      setTimeout(() => socket.terminate(), goodbyeMs).unref();
      finish();
    },
  };
  const user = use(line);
  const finish = () => {
    if (finished) return;
    finished = true;
    clearInterval(heartbeat);
    turn = turn.then(() => user.ended()).catch((err) => line.log.error({ err }, 'could not end a connection cleanly'));
  };

  const heartbeat = setInterval(() => {
    if (!alive || socket.readyState !== WebSocket.OPEN) return socket.terminate();
    alive = false;
    socket.ping();
  }, silenceMs);
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('message', (data: Buffer, isBinary) => {
    alive = true;
    if (socket.readyState !== WebSocket.OPEN) return; // refused already: what still comes is not looked at
    if (++waiting > mostWaiting)
      return line.refuse(new AssayError('agent-frame-limit', `agent at ${peer}`, 'one frame at a time', waiting));
    turn = turn
      .then(async () => {
        if (socket.readyState !== WebSocket.OPEN) return;
        if (isBinary) throw new AssayError('agent-frame', `agent at ${peer}`, 'a text frame', 'a binary one');
        await user.frame(parse(AgentFrame, data.toString(), `frame of agent at ${peer}`));
      })
      .catch((error) => line.refuse(error))
      .finally(() => waiting--);
  });
  // Too long, not UTF-8, wrong mask, …: ws has answered with a close code already.
  socket.on('error', (error) => line.log.info({ reason: error.message }, 'agent connection broken'));
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      finish();
      void turn.then(resolve);
    });
  });
  return {
    known: () => user.known(),
    /** Counts what came while it comes: a frame is handed on when it is whole, and until then it takes up room. */
    received(bytes: number): void {
      if (finished || user.known() || socket.readyState !== WebSocket.OPEN) return;
      ofStranger += bytes;
      if (ofStranger <= mostOfStrangers) return;
      socket.pause();
      const expected = `at most ${mostOfStrangers} bytes before it has enrolled`;
      line.refuse(new AssayError('agent-frame-limit', `agent at ${peer}`, expected, 'more'));
    },
    /** Ends it at once. @returns when all that came of it is done */
    async terminate(): Promise<void> {
      socket.terminate();
      await closed;
    },
  };
}
