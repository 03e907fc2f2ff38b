// The last evidence of each host, as it came, with what it takes to check it again.
import type { Db, EvidenceRow } from './schema.ts';

export async function keepEvidence(db: Db, { host, ...fields }: EvidenceRow): Promise<void> {
  await db
    .insertInto('evidence')
    .values({ host, ...fields })
    .onConflict((conflict) => conflict.column('host').doUpdateSet(fields).where('evidence.round', '<', fields.round))
    .execute();
}
