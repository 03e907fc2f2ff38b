// How does Kysely speak to PostgreSQL so that the same code means the same as on SQLite? One connection, serializable,
// 64-bit integers as numbers.
import { AssayError } from '@assay/core';
import { type Dialect, PostgresDialect, type PostgresPoolClient, type PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { type Access, type Fatal, noTurn, postgresFailure, unavailable } from './failure.ts';

const int8 = 20; // pg_type.oid

/** @param url `postgresql://user:password@host:port/database`; never shown with its password */
export function postgresDialect(url: string, { fatal, readOnly, turnMs }: Access): Dialect {
  const where = databaseName(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: 1, // as with SQLite: within a process, transactions follow each other
    connectionTimeoutMillis: turnMs,
    keepAlive: true,
    options: `-c default_transaction_isolation=serializable -c default_transaction_read_only=${readOnly ? 'on' : 'off'}`,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? wholeNumber : pg.types.getTypeParser(oid, format as 'text'),
    } as pg.CustomTypesConfig,
  });
  // An idle connection broke: the next query opens another, or says why it cannot.
  pool.on('error', () => undefined);
  return new PostgresDialect({
    pool: {
      connect: async () => {
        try {
          return watched(await pool.connect(), where, fatal);
        } catch (error) {
          throw pool.totalCount > 0 && pool.idleCount === 0 ? noTurn(where, turnMs) : unavailable(where, error);
        }
      },
      end: () => pool.end(),
    },
  });
}

/** The URL without user and password. */
export function databaseName(url: string): string {
  const [, host = '', path = ''] = /^postgres(?:ql)?:\/\/(?:[^@/]*@)?([^/?]*)(\/[^?]*)?/.exec(url) ?? [];
  return `database postgresql://${host}${path}`;
}

function watched(client: pg.PoolClient, where: string, fatal: Fatal): PostgresPoolClient {
  let inTransaction = false;
  let broken = false;
  const fell = () => {
    broken = true;
  };
  client.on('error', fell);
  const query = async (sql: string, parameters: readonly unknown[]) => {
    const verb = (/^\s*(\w+)/.exec(sql)?.[1] ?? '').toLowerCase();
    const mayHaveHappened = verb === 'commit' || (!inTransaction && !['select', 'begin', 'start'].includes(verb));
    try {
      const result = await client.query(sql, [...parameters]);
      if (verb === 'begin' || verb === 'start') inTransaction = true;
      if (verb === 'commit' || verb === 'rollback') inTransaction = false;
      return result;
    } catch (error) {
      // Without its connection the server has rolled back by itself, and what broke it has been told.
      if (verb === 'rollback' && broken) return { rows: [] };
      const failure = postgresFailure(error, where, mayHaveHappened, fatal);
      if (failure instanceof AssayError && failure.code === 'storage-unavailable') broken = true;
      throw failure;
    }
  };
  return {
    query: query as unknown as PostgresPoolClient['query'] & (() => Promise<PostgresQueryResult<never>>),
    release: () => {
      client.off('error', fell);
      client.release(broken);
    },
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond a safe integer`);
  return value;
}
