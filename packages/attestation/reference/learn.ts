// What does a golden host teach? Its measurements of this moment become reference values, if its evidence verifies: who holds
// the host holds what is learnt, so learn from one whose making you know.
import { referenceFrom } from '@assay/appraisal';
import type { Clock } from '@assay/daemon';
import type { LearnRequest, LearnResult, ReferenceValue } from '@assay/protocol';
import type { Switchboard } from '../rounds/switchboard.ts';
import { addReferenceValues, readReferenceValues, referenceId } from '../storage/reference-values.ts';
import type { Db } from '../storage/schema.ts';
import { countUp } from '../storage/versions.ts';

export type LearnNeeds = {
  db: Db;
  clock: Clock;
  switchboard: Pick<Switchboard, 'attestNow' | 'attestAll'>;
};

const deadlineMs = 30_000;

/**
 * Asks the host now, keeps what is new, then asks every connected host again: verdicts follow at once.
 * @throws AssayError `reference-not-verified` when log, quote and key do not agree; `attest-unavailable`, `attest-timeout`
 */
export async function learn(
  { db, clock, switchboard }: LearnNeeds,
  { host, dry_run: dryRun, by = 'somebody', because }: LearnRequest,
): Promise<LearnResult> {
  const { verdict, measured: teach } = await switchboard.attestNow(host, { deadlineMs });
  const measured = referenceFrom({ verdict, measured: teach() });
  const added_at = clock.now().toISOString();
  const offered: ReferenceValue[] = measured.map((value) => ({
    id: referenceId(value),
    ...value,
    state: 'current',
    source: { kind: 'host', name: host },
    by,
    ...(because !== undefined && { because }),
    added_at,
  }));
  const result = await db.transaction().execute(async (tx) => {
    const before = new Map((await readReferenceValues(tx)).map((value) => [value.id, value]));
    const fresh = offered.filter(({ id }) => !before.has(id));
    const known = offered.flatMap(({ id }) => before.get(id) ?? []);
    if (dryRun) return { added: fresh, known };
    const added = await addReferenceValues(tx, fresh);
    if (added.length > 0) await countUp(tx, 'standards');
    return { added, known };
  });
  if (!dryRun && result.added.length > 0) switchboard.attestAll();
  return result;
}
