// A software TPM behind a socket. swtpm answers one client at a time: the next waits until this one closes.
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { responseLength } from '../commands/command.ts';
import { late, within } from './deadline.ts';
import type { TpmDevice } from './device.ts';
import type { DeviceSpec } from './spec.ts';

type Address = Exclude<DeviceSpec, { kind: 'character' }>;

/** sockaddr_un holds 107 bytes and an end. */
const longestPath = 107;

/**
 * @param timeoutMs how long to wait for a place in the queue of a socket whose queue is full
 * @throws AssayError `tpm-open` when nothing listens, `tpm-busy` when the queue stays full
 */
export async function openSocket(address: Address, where: string, timeoutMs: number): Promise<TpmDevice> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const failure = await connected(address).catch((error: NodeJS.ErrnoException) => error);
    if (!(failure instanceof Error)) return new SocketDevice(failure, where);
    if (failure.code !== 'EAGAIN')
      throw new AssayError('tpm-open', `TPM ${where}`, 'a software TPM listening', failure, {
        cause: failure,
        hint: 'start swtpm, or set another TPM',
      });
    if (performance.now() >= end) throw busy(where, timeoutMs);
    await sleep(20); // a full queue tells nobody when it gets room
  }
}

/** Somebody else uses the TPM and goes on doing so. */
export const busy = (where: string, timeoutMs: number, cause?: unknown): AssayError =>
  new AssayError('tpm-busy', `TPM ${where}`, `an answer within ${timeoutMs / 1000} s`, 'none', {
    ...(cause === undefined ? {} : { cause }),
    hint: 'another program holds it: swtpm and /dev/tpm0 serve one at a time; end that program, or use /dev/tpmrm0',
  });

/** A connection to a socket, on a path of any length. */
export async function connected(address: Address): Promise<Socket> {
  if (address.kind === 'tcp') return await settled(connect({ host: address.host, port: address.port, noDelay: true }));
  if (Buffer.byteLength(address.path) <= longestPath) return await settled(connect(address.path));
  let folder: FileHandle | undefined;
  try {
    folder = await open(dirname(address.path), constants.O_RDONLY | constants.O_DIRECTORY);
    return await settled(connect(`/proc/self/fd/${folder.fd}/${basename(address.path)}`));
  } finally {
    await folder?.close();
  }
}

async function settled(socket: Socket): Promise<Socket> {
  try {
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

class SocketDevice implements TpmDevice {
  readonly where: string;
  readonly managed = false;
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #received: Uint8Array = new Uint8Array();
  #wanted: { resolve(response: Uint8Array): void; reject(error: Error): void } | undefined;
  #ended: AssayError | undefined;

  constructor(socket: Socket, where: string) {
    this.where = where;
    this.#socket = socket;
    socket.on('data', (data: Buffer) => this.#receive(data));
    socket.on('error', (cause) => this.#end(this.#gone(cause)));
    this.#closed = new Promise((done) => {
      socket.on('close', () => {
        this.#end(this.#gone('the connection ended'));
        done();
      });
    });
  }

  async transmit(command: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#ended) throw this.#ended;
    const response = new Promise<Uint8Array>((resolve, reject) => {
      this.#wanted = { resolve, reject };
    });
    this.#socket.write(command);
    try {
      return await within(response, timeoutMs, () => late(this.where, timeoutMs));
    } catch (error) {
      this.#end(error as AssayError);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#end(this.#gone('closed here'));
    await this.#closed;
  }

  #receive(data: Buffer): void {
    this.#received = this.#received.length ? Buffer.concat([this.#received, data]) : data;
    try {
      if (!this.#wanted) throw this.#gone('bytes nobody asked for');
      if (this.#received.length < 6) return;
      const length = responseLength(this.#received, `TPM ${this.where}`);
      if (this.#received.length < length) return;
      if (this.#received.length > length) throw this.#gone('more bytes than the response has');
    } catch (error) {
      this.#end(error as AssayError);
      return;
    }
    const { resolve } = this.#wanted;
    const response = this.#received;
    this.#received = new Uint8Array();
    this.#wanted = undefined;
    resolve(response);
  }

  #gone(cause: unknown): AssayError {
    return new AssayError('tpm-gone', `TPM ${this.where}`, 'an open connection', cause, { cause });
  }

  #end(error: AssayError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#socket.destroy();
    this.#wanted?.reject(error);
    this.#wanted = undefined;
  }
}
