// Policies in versions: what a pool asks of its hosts now is its last one, unless that removed it.
import { check, PolicyVersion } from '@assay/protocol';
import type { Db, PolicyRow } from './schema.ts';

/** The one in force of each pool. */
export async function policiesInForce(db: Db): Promise<PolicyVersion[]> {
  const last = await db
    .selectFrom('policies')
    .selectAll()
    .where((is) =>
      is('version', '=', (of) =>
        of
          .selectFrom('policies as later')
          .select(({ fn }) => fn.max('later.version').as('version'))
          .whereRef('later.pool', '=', 'policies.pool'),
      ),
    )
    .orderBy('pool')
    .execute();
  return last.filter(({ document }) => document !== null).map(versionOfPolicy);
}

/** Every version of a pool's, the newest first. */
export async function policyVersions(db: Db, pool: string): Promise<PolicyVersion[]> {
  const rows = await db
    .selectFrom('policies')
    .selectAll()
    .where('pool', '=', pool)
    .orderBy('version', 'desc')
    .execute();
  return rows.map(versionOfPolicy);
}

/** As the next version. Run it in a transaction, and count `standards` up after it. */
export async function keepPolicy(
  db: Db,
  { pool, document, applied_at, by, because }: Omit<PolicyVersion, 'version'>,
): Promise<PolicyVersion> {
  const [last] = await policyVersions(db, pool);
  const version = (last?.version ?? 0) + 1;
  const row = {
    pool,
    version,
    document: document && JSON.stringify(document),
    applied_at,
    by,
    because: because ?? null,
  };
  await db.insertInto('policies').values(row).execute();
  return versionOfPolicy(row);
}

const versionOfPolicy = ({ document, because, ...row }: PolicyRow): PolicyVersion =>
  check(
    PolicyVersion,
    { ...row, document: document === null ? null : JSON.parse(document), ...(because !== null && { because }) },
    `policy ${row.pool}, version ${row.version}`,
  );
