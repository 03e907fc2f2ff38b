// What does a server on a Unix socket answer to exactly these bytes? For requests no well-behaved client would send.
import { connectUnix } from '@assay/daemon';

export type RawAnswer = { status: number; head: string; body: string };

/** @param request complete; its connection must end with the answer (`Connection: close`, or a refusal that closes) */
export async function exchange(socketPath: string, request: string): Promise<RawAnswer> {
  const socket = await connectUnix(socketPath);
  socket.write(request); // not `end`: who closes its half before the answer is taken to be gone
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  const split = text.indexOf('\r\n\r\n');
  return { status: Number(text.split(' ', 2)[1]), head: text.slice(0, split), body: text.slice(split + 4) };
}
