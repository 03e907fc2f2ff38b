// Challenges: each is answered at most once, by the host, key and connection it was sent to. A challenge in the table is
// one that was not answered yet; taking it out is what using it means.
import { randomBytes, randomUUID } from 'node:crypto';
import { AssayError } from '@assay/core';
import { sql } from 'kysely';
import type { ChallengeRow, Db } from './schema.ts';

/** TPM2_Quote's qualifyingData may have as many bytes as the largest digest a TPM knows; 32 fit every TPM. */
const nonceBytes = 32;

export type Asked = { host: string; akName: string; connection: string };

/**
 * A new challenge, numbered after all earlier ones to this host. Run it in a transaction.
 * @throws AssayError `challenge-stale` when this host is no longer enrolled with this key
 */
export async function issueChallenge(
  db: Db,
  { host, akName, connection, counts }: Asked & { counts: boolean },
  now: Date,
): Promise<ChallengeRow> {
  // Written as SQL: a hundred of these may stand between a question and the first answer to it.
  const { rows } = await sql<{ last_round: number }>`
    update hosts set last_round = last_round + 1
    where name = ${host} and exists (select 1 from enrolments where host = ${host} and ak_name = ${akName})
    returning last_round`.execute(db);
  const [numbered] = rows;
  if (!numbered)
    throw new AssayError(
      'challenge-stale',
      `host ${host}`,
      'the key this connection enrolled',
      'none or another by now',
    );
  const row: ChallengeRow = {
    id: randomUUID(),
    host,
    ak_name: akName,
    connection,
    nonce: randomBytes(nonceBytes).toString('base64'),
    round: numbered.last_round,
    issued_at: now.toISOString(),
    counts: counts ? 1 : 0,
  };
  const { id, nonce, round, issued_at, counts: counted } = row;
  await sql`insert into challenges (id, host, ak_name, connection, nonce, round, issued_at, counts)
    values (${id}, ${host}, ${akName}, ${connection}, ${nonce}, ${round}, ${issued_at}, ${counted})`.execute(db);
  return row;
}

/**
 * Uses a challenge up, whatever the answer is worth.
 * @throws AssayError `challenge-unknown` when it was never sent to this host, key and connection, or was used before
 */
export async function useChallenge(db: Db, id: string, { host, akName, connection }: Asked): Promise<ChallengeRow> {
  const row = await db
    .deleteFrom('challenges')
    .where('id', '=', id)
    .where('host', '=', host)
    .where('ak_name', '=', akName)
    .where('connection', '=', connection)
    .returningAll()
    .executeTakeFirst();
  if (!row)
    throw new AssayError('challenge-unknown', `host ${host}`, 'the challenge last sent on this connection', id, {
      hint: 'each is answered at most once',
    });
  return row;
}

/** What an earlier life of this server asked and never heard of again. */
export async function takeLeftovers(db: Db): Promise<ChallengeRow[]> {
  return await db.deleteFrom('challenges').returningAll().execute();
}
