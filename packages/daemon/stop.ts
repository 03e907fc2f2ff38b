// How does a long-running process begin and end? Signals stop it in order; what it cannot do is one line on standard error.
import { AssayError, escaped } from '@assay/core';
import { createLog, type Log } from './log.ts';

export type Stop = () => unknown;

export type Daemon = {
  readonly log: Log;
  /** Stop functions run in reverse, each awaited: what began last ends first. */
  onStop(stop: Stop): void;
  /** Aborted when stopping begins. */
  readonly stopping: AbortSignal;
  /** Begins an orderly stop, as SIGTERM does. */
  stop(): void;
};

/**
 * Top of every long-running process. `main` starts things and returns; the process lives on until SIGTERM or SIGINT, then
 * exits 0 when all stopped in time, 1 when not. A second signal exits at once. A foreseen failure is one line, exit 1.
 *
 * @param deadlineMs how long all stop functions may take together
 */
export async function runDaemon(
  name: string,
  main: (daemon: Daemon) => unknown,
  { deadlineMs = 10_000 }: { deadlineMs?: number } = {},
): Promise<void> {
  const stops: Stop[] = [];
  const stopping = new AbortController();
  let log: Log | undefined;

  const end = async (code: number) => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    const late = setTimeout(() => {
      log?.error({ deadlineMs }, 'not everything stopped in time');
      process.exit(1);
    }, deadlineMs);
    for (const stop of stops.reverse()) {
      try {
        await stop();
      } catch (error) {
        code = 1;
        log?.error({ err: error }, 'could not stop cleanly');
      }
    }
    clearTimeout(late);
    log?.info('stopped');
    process.exit(code);
  };
  const fail = (error: unknown) => {
    process.stderr.write(`assay: ${lineFor(error)}\n`);
    if (!(error instanceof AssayError)) log?.fatal({ err: error }, 'internal error');
    return end(1);
  };
  const signalled = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    log?.info({ signal }, 'stopping');
    void end(0);
  };

  process.on('SIGTERM', signalled);
  process.on('SIGINT', signalled);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    log = createLog(name);
    await main({
      log,
      onStop: (stop) => void stops.push(stop),
      stopping: stopping.signal,
      stop: () => void end(0),
    });
  } catch (error) {
    await fail(error);
  }
}

/** What a person is told of a failure: never a stack. */
export function lineFor(error: unknown): string {
  if (error instanceof AssayError) return error.message;
  return `internal error, a bug of Assay: ${escaped(error instanceof Error ? error.message : String(error))}; the log has the rest`;
}
