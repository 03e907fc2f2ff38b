// How do other commands speak to the supervisor? One line of JSON asks, one line of JSON answers, on a socket of its own.
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { AssayError } from '@assay/core';
import { connectUnix, listenUnix } from '@assay/daemon';
import { Reported } from '../../reported.ts';
import type { Supervisor } from './supervisor.ts';
import type { UnitStatus } from './unit.ts';

export type Order =
  | { order: 'status' }
  | { order: 'start' | 'stop'; units: string[] }
  | { order: 'restart'; unit: string }
  /** Ends every unit; the supervisor ends after its answer. */
  | { order: 'down' };

type Answer = { units: UnitStatus[] } | { error: { code: string; message: string } };

/** An order is one short line. */
const longestOrder = 64 * 1024;

/**
 * Listens for orders.
 * @param down what ends this process, called after its order was answered
 * @returns closes the socket
 */
export async function serveOrders(path: string, supervisor: Supervisor, down: () => void): Promise<() => void> {
  const server: Server = createServer((socket) => {
    socket.setTimeout(10 * 60_000, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    let size = 0;
    socket.on('data', (part) => {
      size += part.length;
      if (size > longestOrder) socket.destroy();
    });
    createInterface({ input: socket }).once('line', (line) => {
      void obey(line, supervisor).then(({ answer, last }) => {
        socket.end(`${JSON.stringify(answer)}\n`, () => {
          if (last) down();
        });
      });
    });
  });
  await listenUnix(server, path);
  return () => server.close();
}

async function obey(line: string, supervisor: Supervisor): Promise<{ answer: Answer; last: boolean }> {
  let order: Order | undefined;
  try {
    order = JSON.parse(line) as Order;
    if (order.order === 'start') await supervisor.start(order.units);
    else if (order.order === 'stop') await supervisor.stop(order.units);
    else if (order.order === 'restart') await supervisor.restart(order.unit);
    else if (order.order === 'down') await supervisor.stopAll();
    else if (order.order !== 'status') throw new AssayError('lab-order', 'supervisor', 'an order it knows', order);
    return { answer: { units: supervisor.status() }, last: order.order === 'down' };
  } catch (error) {
    const code = error instanceof AssayError ? error.code : 'lab-order';
    const message = error instanceof Error ? error.message : String(error);
    return { answer: { error: { code, message } }, last: false };
  }
}

/** Three starts in a row, each as long as a unit may take, and the pauses between them. */
const longestWorkMs = 120_000;
/** A question is answered at once. */
const longestThoughtMs = 10_000;

/**
 * Gives the supervisor an order and waits until it has been carried out.
 * @throws AssayError `unix-unreachable` when there is no supervisor, `lab-supervisor-lost` when it ends or hangs meanwhile,
 * its own otherwise
 */
export async function giveOrder(path: string, order: Order): Promise<UnitStatus[]> {
  const socket = await connectUnix(path).catch((cause: unknown) => {
    if (!(cause instanceof AssayError)) throw cause;
    const { code, where, expected, got } = cause;
    throw new AssayError(code, where, expected, got, { cause, hint: 'if the cloud is down, run: assay up' });
  });
  socket.setTimeout(order.order === 'status' ? longestThoughtMs : longestWorkMs, () => socket.destroy());
  try {
    socket.write(`${JSON.stringify(order)}\n`);
    const answer = JSON.parse(await firstLine(socket, path)) as Answer;
    if ('error' in answer) throw new Reported(answer.error.code, 'supervisor', answer.error.message);
    return answer.units;
  } finally {
    socket.destroy();
  }
}

function firstLine(socket: Socket, path: string): Promise<string> {
  return new Promise((done, failed) => {
    const lost = (cause?: unknown) =>
      failed(new AssayError('lab-supervisor-lost', path, 'an answer', 'none', { cause }));
    socket.once('error', lost);
    const lines = createInterface({ input: socket });
    lines.once('line', done);
    lines.once('close', () => lost());
  });
}
