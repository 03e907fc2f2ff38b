// One server on two ports: what arrives at the second is handed to it as if it had come to its own, before TLS.
// So certificate, routes, upgrades and limits of time and size are the same; places are not: each port has its own.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { listenError } from '../unix-socket.ts';
import type { HttpsServer } from './server.ts';

/** Connections at a time. Who fills them keeps nobody from the first port. */
const most = 2_000;

/**
 * After the server listens on its own port.
 * @param option what names the port, for errors: `[api] second_port`
 * @param port 0 for a free one
 * @returns the port that was taken; `close` takes no more and waits for the last connection: call it before the server is closed, which
 * ends them
 * @throws AssayError `listen-in-use`, `listen-denied`, `listen-address`
 */
export async function listenAlso(
  server: HttpsServer,
  { host, port, option }: { host: string; port: number; option: string },
): Promise<{ port: number; close: () => Promise<void> }> {
  const door = createServer({ noDelay: true }, (socket) => server.server.emit('connection', socket));
  door.maxConnections = most;
  try {
    door.listen({ host, port });
    await once(door, 'listening');
  } catch (cause) {
    throw listenError(`${option} (${host} port ${port})`, cause);
  }
  const close = () => new Promise<void>((closed) => door.close(() => closed()));
  return { port: (door.address() as AddressInfo).port, close };
}
