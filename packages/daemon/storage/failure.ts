// What does a database's error mean for us: an answer (full, busy, exists), or that nobody knows what is on disk?
import { AssayError } from '@assay/core';

/** Ends the process: what is stored is known again only after reading it anew. */
export type Fatal = (error: AssayError) => never;

/** How a database is used. */
export type Access = {
  readonly fatal: Fatal;
  readonly readOnly: boolean;
  /** How long a query waits for its turn: longer means that a transaction waits for itself, or that a disk hangs. */
  readonly turnMs: number;
};

/** One line on standard error, exit 1; whoever watches the process starts it again. */
export const endProcess: Fatal = (error) => {
  process.stderr.write(`assay: ${error.message}\n`);
  process.exit(1);
};

// Primary result codes (sqlite.org/rescode.html); the extended code carries them in its lowest byte.
const sqlite = { busy: 5, locked: 6, ioerr: 10, corrupt: 11, full: 13, cantopen: 14, constraint: 19, notadb: 26 };
const unique = [2067, 1555]; // SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY
const foreignKey = 787;

/** The AssayError that a query's failure is, or the error itself when it is a bug (wrong SQL). */
export function sqliteFailure(error: unknown, path: string, fatal: Fatal): unknown {
  const { errcode } = error as { errcode?: number };
  if (typeof errcode !== 'number') return error;
  const where = `database ${path}`;
  switch (errcode & 0xff) {
    case sqlite.full:
      return full(where, error);
    case sqlite.busy:
    case sqlite.locked:
      return busy(where, error);
    case sqlite.constraint:
      if (unique.includes(errcode)) return exists(where, error);
      return errcode === foreignKey ? reference(where, error) : error;
    case sqlite.ioerr:
    case sqlite.corrupt:
    case sqlite.cantopen:
    case sqlite.notadb:
      return fatal(unknown(where, error));
    default:
      return error;
  }
}

/**
 * @param mayHaveHappened the statement ends or is its own transaction, so a lost connection leaves its outcome unknown
 */
export function postgresFailure(error: unknown, where: string, mayHaveHappened: boolean, fatal: Fatal): unknown {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (code === '53100') return full(where, error);
  if (code === '40001' || code === '40P01' || code === '55P03') return busy(where, error);
  if (code === '23505') return exists(where, error);
  if (code === '23503') return reference(where, error);
  if (/not queryable/.test(message)) return unavailable(where, error); // was lost before: nothing was sent
  if (!lost(code, message)) return error;
  return mayHaveHappened ? fatal(unknown(where, error)) : unavailable(where, error);
}

/** Connection exceptions (class 08), server shutting down or starting (57P0x), and what the socket itself says. */
function lost(code: string, message: string): boolean {
  return (
    /^(08|57P|53300|E[A-Z]+$)/.test(code) ||
    /connection terminated|timeout (exceeded )?when trying to connect/i.test(message)
  );
}

const full = (where: string, cause: unknown) =>
  new AssayError('storage-full', where, 'room on its disk', cause, { cause, hint: 'free some; reading goes on' });
const busy = (where: string, cause: unknown) =>
  new AssayError('storage-busy', where, 'no other writer in the way', cause, { cause, hint: 'try again' });
const exists = (where: string, cause: unknown) =>
  new AssayError('storage-exists', where, 'a row that is not there yet', cause, { cause });
const reference = (where: string, cause: unknown) =>
  new AssayError('storage-reference', where, 'a row whose references exist', cause, { cause });
export const noTurn = (where: string, turnMs: number) =>
  new AssayError('storage-busy', where, `a free connection within ${turnMs} ms`, 'none', {
    hint: 'inside a transaction only the transaction may be asked',
  });
export const unavailable = (where: string, cause: unknown) =>
  new AssayError('storage-unavailable', where, 'a database server that answers', cause, { cause });
const unknown = (where: string, cause: unknown) =>
  new AssayError('storage-unknown', where, 'storage that works', cause, {
    cause,
    hint: 'nobody knows whether the last write is stored, so this process ends; look at the disk, then start it again',
  });
