// How does Kysely speak to node:sqlite? One connection, handed to one asker at a time, in the order they asked.
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { AssayError } from '@assay/core';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { type Access, type Fatal, noTurn, sqliteFailure } from './failure.ts';

/** @throws AssayError `storage-open` when the file cannot be opened or is not a database */
export function sqliteDialect(path: string, { fatal, readOnly, turnMs }: Access): Dialect {
  const database = opened(path, readOnly);
  return {
    createDriver: () => new OneConnectionDriver(database, path, { fatal, readOnly, turnMs }),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

function opened(path: string, readOnly: boolean): DatabaseSync {
  try {
    // Made by us, so that only this user can read it; WAL and shared-memory file take over its mode.
    if (!readOnly && path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
    const database = new DatabaseSync(path, { readOnly, timeout: 5_000, enableForeignKeyConstraints: true });
    database.exec('pragma trusted_schema = off');
    // FULL: an acknowledged write survives the loss of power.
    if (!readOnly) database.exec('pragma journal_mode = wal; pragma synchronous = full');
    database.exec('select count(*) from sqlite_schema');
    return database;
  } catch (cause) {
    throw new AssayError('storage-open', `database ${path}`, 'a SQLite database that can be opened', cause, { cause });
  }
}

class OneConnectionDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: Connection;
  readonly #path: string;
  readonly #begin: string;
  readonly #turnMs: number;
  #busy = false;
  #waiting: (() => void)[] = [];

  constructor(database: DatabaseSync, path: string, { fatal, readOnly, turnMs }: Access) {
    this.#database = database;
    this.#turnMs = turnMs;
    this.#path = path;
    this.#connection = new Connection(database, path, fatal);
    // Immediate: another process's write between our read and our write would otherwise fail us midway.
    this.#begin = readOnly ? 'begin' : 'begin immediate';
  }

  async init(): Promise<void> {
    // opened before: what is wrong with the file is said where the database is opened
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#busy) {
      await new Promise<void>((turn, late) => {
        const mine = () => {
          clearTimeout(timer);
          turn();
        };
        const timer = setTimeout(() => {
          this.#waiting = this.#waiting.filter((other) => other !== mine);
          late(noTurn(`database ${this.#path}`, this.#turnMs));
        }, this.#turnMs);
        this.#waiting.push(mine);
      });
    }
    this.#busy = true;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#busy = false;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(this.#begin));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // SQLite ends the transaction by itself when the disk is full.
    if (this.#database.isTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** Statements that are kept prepared: what a service asks for is a few dozen texts, again and again. */
const mostPrepared = 256;

type Prepared = { statement: StatementSync; answers: boolean };

class Connection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #fatal: Fatal;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: DatabaseSync, path: string, fatal: Fatal) {
    this.#database = database;
    this.#path = path;
    this.#fatal = fatal;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const { statement, answers } = this.#prepare(sql);
      const values = parameters as readonly SQLInputValue[];
      if (answers) return { rows: statement.all(...values).map((row) => plain(row) as R) };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    } catch (error) {
      throw sqliteFailure(error, this.#path, this.#fatal);
    }
  }

  #prepare(sql: string): Prepared {
    const kept = this.#prepared.get(sql);
    if (kept) return kept;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, answers: statement.columns().length > 0 };
    if (!/^\s*(select|insert|update|delete|begin|commit|rollback)\b/.test(sql)) {
      this.#prepared.clear(); // the schema may change: columns of what was prepared before would be old
      return prepared;
    }
    if (this.#prepared.size >= mostPrepared) this.#prepared.clear();
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  // biome-ignore lint/correctness/useYield: Kysely asks for this method; nothing here streams
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not supported, read in pages');
  }
}

/** As pg gives them: ordinary objects, bytes as Buffer. */
function plain(row: Record<string, unknown>): Record<string, unknown> {
  const ordinary: Record<string, unknown> = { ...row };
  for (const name in ordinary) {
    const value = ordinary[name];
    if (value instanceof Uint8Array) ordinary[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return ordinary;
}
