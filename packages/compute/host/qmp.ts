// How does one talk to a running QEMU? QMP: JSON lines over its Unix socket (QEMU Machine Protocol). What a QEMU says is
// said by a process that its guest may have taken over: it is bounded, and nothing but this guest's state is believed from it.
import type { Socket } from 'node:net';
import { AssayError, shown } from '@assay/core';
import { connectUnix } from '@assay/daemon';

export type QmpEvent = { event: string; data: Record<string, unknown> };

export type Qmp = {
  /** @throws AssayError `qmp-failed` (QEMU refused), `qmp-lost` (no answer: nobody knows) */
  execute(command: string, args?: Record<string, unknown>): Promise<unknown>;
  readonly closed: Promise<void>;
  close(): void;
};

const maxLineBytes = 1 << 20;

/**
 * Connects and agrees on capabilities. While QEMU starts, its socket is there before it answers.
 * @throws AssayError `qmp-lost`, `unix-unreachable`
 */
export async function connectQmp(
  path: string,
  onEvent: (event: QmpEvent) => void,
  { greetingMs = 20_000, answerMs = 5_000 } = {},
): Promise<Qmp> {
  const socket: Socket = await connectUnix(path);
  const lost = (got: unknown) => new AssayError('qmp-lost', path, 'an answer of QEMU', got);
  const waiting = new Map<number, { done(value: unknown): void; failed(error: AssayError): void }>();
  const greeted = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let requests = 0;
  let rest = Buffer.alloc(0);

  const take = (line: string) => {
    const frame = JSON.parse(line) as Record<string, unknown>;
    if ('QMP' in frame) return greeted.resolve();
    if (typeof frame['event'] === 'string')
      return onEvent({ event: frame['event'], data: (frame['data'] ?? {}) as Record<string, unknown> });
    const asked = waiting.get(frame['id'] as number);
    if (!asked) return;
    if ('return' in frame) asked.done(frame['return']);
    else asked.failed(new AssayError('qmp-failed', path, 'the command done', shown(frame['error'])));
  };
  socket.on('data', (part: Buffer) => {
    rest = Buffer.concat([rest, part]);
    try {
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        const line = rest.subarray(0, end).toString('utf8');
        rest = rest.subarray(end + 1);
        if (line.trim() !== '') take(line);
      }
      if (rest.length > maxLineBytes) throw new Error('too long a line');
    } catch {
      socket.destroy();
    }
  });
  socket.on('error', () => undefined); // `close` follows
  socket.on('close', () => {
    greeted.reject(lost('a closed connection'));
    for (const { failed } of waiting.values()) failed(lost('a closed connection'));
    waiting.clear();
    closed.resolve();
  });
  greeted.promise.catch(() => undefined);

  const within = async <T>(promise: Promise<T>, ms: number): Promise<T> => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(lost(`none within ${ms} ms`)), ms);
    return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
  };
  const execute = (command: string, args?: Record<string, unknown>): Promise<unknown> => {
    if (socket.destroyed) return Promise.reject(lost('a closed connection'));
    const id = ++requests;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.set(id, { done: resolve, failed: reject });
    socket.write(`${JSON.stringify({ execute: command, id, ...(args ? { arguments: args } : {}) })}\n`);
    return within(promise, answerMs).finally(() => waiting.delete(id));
  };
  try {
    await within(greeted.promise, greetingMs);
    await execute('qmp_capabilities');
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return { execute, closed: closed.promise, close: () => void socket.destroy() };
}
