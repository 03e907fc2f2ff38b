// Why does this host have the verdict it has in this pool? By its recorded evidence and the standards of now; who else shows the same, and when it
// was good last, the database knows. Changes nothing.
import { explain, type ToldExplanation } from '@assay/appraisal';
import type { Explanation } from '@assay/protocol';
import type { JudgingNeeds } from '../changes/recorded.ts';
import type { Switchboard } from '../rounds/switchboard.ts';
import { historyOf } from '../storage/verdict-history.ts';
import { alsoMeasured, alsoRan } from './also-on.ts';
import { lastGood } from './last-good.ts';
import { recordedHost } from './recorded-host.ts';

type ExplainNeeds = JudgingNeeds & { switchboard: Pick<Switchboard, 'connected'> };

/** @throws AssayError `host-not-found` */
export async function explainHost(needs: ExplainNeeds, host: string, pool: string): Promise<Explanation> {
  const { db, clock, registry, standards, switchboard } = needs;
  registry.requireRegistered(host);
  const { recorded } = await recordedHost(needs, await standards(db), host, pool);
  const { verdict } = registry.current(host, pool);
  return await withFleet(
    needs,
    explain({ verdict, recorded, connected: switchboard.connected(host), now: clock.now() }),
  );
}

async function withFleet(needs: JudgingNeeds, { differences, ...rest }: ToldExplanation): Promise<Explanation> {
  const { db } = needs;
  const { host, pool, verdict } = rest;
  const history = differences.length > 0 ? await historyOf(db, host, { pool }) : [];
  const sought = differences.flatMap((one) => (one.sought ? [one.sought] : []));
  const files = differences.flatMap((one) => (one.soughtFile ? [one.soughtFile] : []));
  const others = new Map<unknown, string[]>();
  for (const [i, hosts] of (await alsoMeasured(needs, host, sought)).entries()) others.set(sought[i], hosts);
  for (const [i, hosts] of (await alsoRan(db, host, files)).entries()) others.set(files[i], hosts);
  return {
    ...rest,
    differences: differences.map(({ sought: measured, soughtFile, ...difference }) => {
      const last = lastGood(difference.component, verdict, history);
      return {
        ...difference,
        also_on: others.get(measured ?? soughtFile) ?? [],
        ...(last !== undefined && { last_good: last }),
      };
    }),
  };
}
