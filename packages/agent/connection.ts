// The agent's line to the attestation server: opened from here, kept open, one frame answered after the other.
// Knows what a refusal means for the next call, and nothing of the other frames.
import { readFile } from 'node:fs/promises';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';
import { keepConnected, type Line } from '@assay/daemon/websocket';
import { type AgentFrame, parse, ServerFrame } from '@assay/protocol';

/** What to do with a frame. Frames are handed over one at a time, in order. */
export type AgentConversation = {
  /** First frames of a new connection. */
  hello(send: Line<AgentFrame>['send']): Promise<void>;
  answer(frame: ServerFrame, send: Line<AgentFrame>['send']): Promise<void>;
};

const maxFrameBytes = 256 * 1024;

/** @param server `https://host:port` */
export function callServer(
  server: string,
  { caFile, conversation, log }: { caFile: string; conversation: AgentConversation; log: Log },
): { stop(): Promise<void> } {
  return keepConnected<AgentFrame>({
    url: `${server.replace(/\/+$/, '')}/v1/agent`,
    tls: async () => ({ ca: await readCa(caFile) }),
    conversation: {
      opened: ({ send }) => conversation.hello(send),
      async take(text, line) {
        const frame = parse(ServerFrame, text, `frame from ${server}`);
        if (frame.type === 'refused') {
          if (!frame.retry) line.refused();
          throw new AssayError(frame.code, server, 'to be accepted', frame.message);
        }
        if (frame.type === 'result') line.accepted();
        await conversation.answer(frame, line.send);
      },
    },
    maxFrameBytes,
    log,
    firstDelayMs: 500,
    longestDelayMs: 10_000,
    silenceMs: 20_000,
  });
}

async function readCa(file: string): Promise<Buffer> {
  return await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new AssayError('tls-file', `[agent] ca_file ${file}`, 'CA certificates that can be read', cause.code, {
      cause,
    });
  });
}
