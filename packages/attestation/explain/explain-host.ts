// Why does this host have the verdict it has in this pool? Its recorded evidence is verified and judged by present standards; who else shows the same,
// and when it was good last, the database knows. Changes nothing.
import { explain, type ToldExplanation } from '@assay/appraisal';
import type { Explanation, Verdict } from '@assay/protocol';
import { type JudgingNeeds, judgeRecorded, pauses, type Verified, verifyRecorded } from '../changes/recorded.ts';
import { historyOf } from '../storage/verdict-history.ts';
import { alsoMeasured } from './also-on.ts';
import { lastGood } from './last-good.ts';

/** @throws AssayError `host-not-found` */
export async function explainHost(needs: JudgingNeeds, host: string, pool: string): Promise<Explanation> {
  const { db, clock, registry, standards: read } = needs;
  registry.requireRegistered(host);
  const { verdict } = registry.current(host, pool);
  const standards = await read(db);
  const [verified] = await verifyRecorded(needs, db, [host], pauses());
  const judged = verified && judgeRecorded(needs, verified, standards).find((one) => one.pool === pool);
  const told = explain({
    verdict,
    recorded: judged && recordedOf(verified, judged),
    knownGood: standards.knownGood,
    now: clock.now(),
  });
  return await withFleet(needs, told);
}

const recordedOf = ({ verification, recorded }: Verified, verdict: Verdict) => ({
  verdict,
  verification,
  at: recorded.receivedAt,
});

async function withFleet(needs: JudgingNeeds, { differences, ...rest }: ToldExplanation): Promise<Explanation> {
  const { host, pool, verdict } = rest;
  const history = await historyOf(needs.db, host, { pool });
  const sought = differences.flatMap((one) => (one.sought ? [one.sought] : []));
  const also = new Map((await alsoMeasured(needs, host, sought)).map((hosts, i) => [sought[i], hosts]));
  return {
    ...rest,
    differences: differences.map(({ sought: of, ...difference }) => {
      const last = lastGood(difference.component, verdict, history);
      return { ...difference, also_on: also.get(of) ?? [], ...(last !== undefined && { last_good: last }) };
    }),
  };
}
