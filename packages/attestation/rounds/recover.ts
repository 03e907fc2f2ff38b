// What of the rounds an earlier life of this server was in the middle of? Their challenges are spent and nobody can say what the
// hosts would have answered, so those hosts are unknown until they are asked again.
// Takes every challenge in the database for one of its own: one server per database.
import type { Clock, Log } from '@assay/daemon';
import { unknownIn } from '../standards/judge-in.ts';
import { heldTo } from '../standards/memberships.ts';
import type { ReadStandards } from '../standards/standards.ts';
import { takeLeftovers } from '../storage/challenges.ts';
import type { Db } from '../storage/schema.ts';
import { keepVerdicts } from '../storage/verdicts.ts';

/** Before the registry is loaded and anybody connects. */
export async function recoverRounds({
  db,
  clock,
  log,
  standards,
  lifetimeS,
}: {
  db: Db;
  clock: Clock;
  log: Log;
  standards: ReadStandards;
  lifetimeS: number;
}): Promise<void> {
  const why = { code: 'round-interrupted', message: 'the attestation server ended before the host answered' };
  await db.transaction().execute(async (tx) => {
    for (const { host, round, counts } of await takeLeftovers(tx)) {
      if (counts === 0) continue;
      const { memberships, standards: present } = await heldTo(tx, standards, host);
      const { revision } = present;
      const verdicts = memberships.map((membership) =>
        unknownIn(membership, lifetimeS, { host, why, revision, endorsement: undefined, now: clock.now() }),
      );
      const at = { uptimeMs: Math.round(clock.uptimeMs()), bootId: clock.bootId };
      await keepVerdicts(tx, { host, round, revision, verdicts, ...at });
      log.warn({ host, round }, 'round interrupted by the end of the attestation server');
    }
  });
}
