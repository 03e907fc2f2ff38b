// A change rehearsed on the recorded evidence of the whole fleet, without effect.
import type { Rehearsal, Verdict } from '@assay/protocol';
import { pauses } from '../pauses.ts';
import { standing } from '../registry/standing.ts';
import type { Standards } from '../standards/standards.ts';
import { fleetOf } from '../storage/recorded-evidence.ts';
import type { Loss } from './fall-watch.ts';
import type { ChangeNeeds } from './needs.ts';
import { batchesOf, type JudgingNeeds, judgeRecorded, type Verified, verifyRecorded } from './recorded.ts';
import { Tally } from './rehearsal.ts';
import { heldNoLonger } from './verdict-life.ts';

export type Rehearsed = {
  readonly rehearsal: Rehearsal;
  /** Hosts that are trusted now in some pool in which they would not be. */
  readonly losers: ReadonlySet<string>;
  readonly losses: readonly Loss[];
  /** Hosts whose recorded evidence, of whatever age, would no longer be good in some pool; empty where nobody asked for it. */
  readonly needing: ReadonlySet<string>;
};

export type RehearsalNeeds = JudgingNeeds &
  Pick<ChangeNeeds, 'brakePercent'> & { fallWatch: Pick<ChangeNeeds['fallWatch'], 'taken'> };

/**
 * What the verdicts of this moment would become by other standards. Others may go on with their work meanwhile; who wants it to be of one piece takes a
 * turn.
 * @param wantsNeeding whether evidence is judged by the present standards as well
 */
export async function rehearse(
  needs: RehearsalNeeds,
  present: Standards,
  next: Standards,
  wantsNeeding = false,
): Promise<Rehearsed> {
  const { db, brakePercent, clock, fallWatch, registry } = needs;
  const tally = new Tally(fallWatch.taken(clock.uptimeMs()));
  const needing = new Tally();
  const silent: string[] = [];
  const pause = pauses();
  for (const batch of batchesOf(await fleetOf(db))) {
    const hosts = batch.filter(({ evidence }) => evidence).map(({ host }) => host);
    const found = await verifyRecorded(needs, db, hosts, pause, [present, next]);
    const verified = new Map(found.map((one) => [one.recorded.host, one]));
    for (const { host } of batch) {
      await pause();
      const one = verified.get(host);
      const before = registry.poolsOf(host).map((pool) => registry.current(host, pool).verdict);
      const judged = one && judgeRecorded(needs, one, next);
      const held = new Set(before.filter(isHeld).map(({ pool }) => pool));
      const counts = one && isRecent(needs, one) && (before.length === 0 || held.size < before.length);
      const good = one && (counts || wantsNeeding) ? judgeRecorded(needs, one, present) : [];
      if (judged && wantsNeeding) needing.add(host, good, judged);
      const after = judged && asOfNow(needs, one, judged);
      if (after) tally.add(host, before, after);
      const unheard = counts ? good.filter(({ pool, trust }) => !held.has(pool) && trust === 'trusted') : [];
      if (judged && counts) tally.addUnheard(host, unheard, judged);
      if (!after && unheard.length === 0) silent.push(host);
    }
  }
  const { losers, losses } = tally;
  return { rehearsal: tally.result({ silent, brakePercent }), losers, losses, needing: needing.losers };
}

/** For so long the last evidence speaks for a host that is not heard: agents and servers are not away for longer by accident. */
const recentMs = 86_400_000;

const isRecent = ({ clock }: JudgingNeeds, { recorded }: Verified): boolean =>
  clock.now().getTime() - recorded.receivedAt.getTime() < recentMs;

/** It is known what the host is worth now; without a policy it is nothing, whatever the evidence. */
const isHeld = ({ trust, findings }: Verdict): boolean =>
  trust !== 'unknown' || findings.some(({ code }) => code === 'policy-missing');

/** What is judged anew is stored so, and read so. Undefined: the verdict rests on a later round, which says nothing more. */
function asOfNow(
  { clock, lifetimeS, registry }: JudgingNeeds,
  { recorded: { host, round } }: Verified,
  judged: readonly Verdict[],
): Verdict[] | undefined {
  const stored = registry.stored(host);
  if (!stored) return [];
  if (stored.round > round) return undefined;
  const at = { now: clock.now(), uptimeMs: clock.uptimeMs(), bootId: clock.bootId };
  return heldNoLonger(judged, stored.verdicts, lifetimeS).map((verdict) => standing(verdict, stored, at).verdict);
}
