// How does an agent get its connection? By a WebSocket upgrade of `/v1/agent` on the HTTPS port; every other one is refused.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '@assay/daemon';
import type { HttpsServer } from '@assay/daemon/https';
import { WebSocketServer } from 'ws';
import { type Line, type LineUser, longestFrame, openLine } from './line.ts';

const path = '/v1/agent';

export type AgentDoor = {
  /** Ends every connection. @returns when all that came of them is stored */
  close(): Promise<void>;
};

/**
 * @param most connections at a time; one more is answered 503
 * @param mostStrangers those among them that have not enrolled; one more ends the oldest, so that who fills the places has to
 * be quicker than a host that says hello
 */
export function openAgentDoor(
  server: HttpsServer,
  { log, most, mostStrangers = 1_000 }: { log: Log; most: number; mostStrangers?: number },
  use: (line: Line) => LineUser,
): AgentDoor {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: longestFrame,
    perMessageDeflate: false,
    clientTracking: false,
  });
  const open = new Set<ReturnType<typeof openLine>>();
  /** In the order they came. */
  const strangers = new Set<ReturnType<typeof openLine>>();
  let closing = false;

  function makeRoom(): void {
    for (const line of strangers) if (line.known()) strangers.delete(line);
    const [oldest] = strangers;
    if (!oldest || strangers.size < mostStrangers) return;
    strangers.delete(oldest);
    void oldest.terminate();
  }

  server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const ignore = () => undefined;
    socket.on('error', ignore);
    if (request.url !== path) return refuse(socket, '404 Not Found');
    if (closing || open.size >= most) return refuse(socket, '503 Service Unavailable');
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignore);
      const line = openLine(webSocket, { log, peer: request.socket.remoteAddress ?? 'unknown' }, use);
      open.add(line);
      makeRoom();
      strangers.add(line);
      socket.on('data', (part: Buffer) => line.received(part.length));
      webSocket.on('close', () => {
        open.delete(line);
        strangers.delete(line);
      });
    });
  });

  return {
    async close() {
      closing = true;
      await Promise.all([...open].map((line) => line.terminate()));
      sockets.close();
    },
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
