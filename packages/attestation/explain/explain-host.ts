// Why does this host have the verdict it has in this pool? By its recorded evidence and the standards of now; who else shows the same, and when it
// was good last, the database knows. Changes nothing.
import { explain, type ToldExplanation } from '@assay/appraisal';
import type { Explanation, Verdict } from '@assay/protocol';
import type { JudgingNeeds } from '../changes/recorded.ts';
import type { Switchboard } from '../rounds/switchboard.ts';
import { noSuchPool, type Standards } from '../standards/standards.ts';
import { historyOf } from '../storage/verdict-history.ts';
import { alsoMeasured, alsoQuoted, alsoRan } from './also-on.ts';
import { lastGood } from './last-good.ts';
import { recordedHost } from './recorded-host.ts';

type ExplainNeeds = JudgingNeeds & { switchboard: Pick<Switchboard, 'connected'> };

/** @throws AssayError `host-not-found` */
export async function explainHost(needs: ExplainNeeds, host: string, pool: string): Promise<Explanation> {
  const { db, clock, registry, standards, switchboard } = needs;
  registry.requireRegistered(host);
  const now = await standards(db);
  const { recorded } = await recordedHost(needs, now, host, pool);
  const verdict = inNoPool(registry.current(host, pool).verdict, now);
  const labels = now.policies.get(pool)?.document.labels;
  return await withFleet(
    needs,
    explain({ verdict, recorded, connected: switchboard.connected(host), labels, now: clock.now() }),
  );
}

/** Told apart from a pool that the host is not in: one that nobody made. */
function inNoPool(verdict: Verdict, standards: Pick<Standards, 'policies'>): Verdict {
  const reason = noSuchPool(standards, verdict.pool);
  if (reason === undefined || !verdict.findings.some(({ code }) => code === 'pool-foreign')) return verdict;
  return { ...verdict, reason, findings: [{ code: 'pool-missing', message: reason }] };
}

async function withFleet(needs: JudgingNeeds, { differences, ...rest }: ToldExplanation): Promise<Explanation> {
  const { db } = needs;
  const { host, pool, verdict } = rest;
  const history = differences.length > 0 ? await historyOf(db, host, { pool }) : [];
  const sought = differences.flatMap((one) => (one.sought ? [one.sought] : []));
  const files = differences.flatMap((one) => (one.soughtFile ? [one.soughtFile] : []));
  const values = differences.flatMap(({ sought: measured, soughtFile, finding }) =>
    measured || soughtFile || finding.pcr === undefined ? [] : [finding],
  );
  const others = new Map<unknown, string[]>();
  for (const [i, hosts] of (await alsoMeasured(needs, host, sought)).entries()) others.set(sought[i], hosts);
  for (const [i, hosts] of (await alsoRan(db, host, files)).entries()) others.set(files[i], hosts);
  for (const [i, hosts] of (await alsoQuoted(needs, host, values)).entries()) others.set(values[i], hosts);
  return {
    ...rest,
    differences: differences.map(({ sought: measured, soughtFile, ...difference }) => {
      const last = lastGood(difference.component, verdict, history);
      return {
        ...difference,
        also_on: others.get(measured ?? soughtFile ?? difference.finding) ?? [],
        ...(last !== undefined && { last_good: last }),
      };
    }),
  };
}
