// A change rehearsed on the recorded evidence of the whole fleet, without effect.
import type { Rehearsal } from '@assay/protocol';
import type { Standards } from '../standards/standards.ts';
import { fleetOf } from '../storage/recorded-evidence.ts';
import { batchesOf, type JudgingNeeds, judgeRecorded, pauses, verifyRecorded } from './recorded.ts';
import { Tally } from './rehearsal.ts';

export type Rehearsed = { readonly rehearsal: Rehearsal; readonly losers: ReadonlySet<string> };

/** By the present standards and by others. Others may go on with their work meanwhile; who wants it to be of one piece takes a turn. */
export async function rehearse(
  needs: JudgingNeeds & { brakePercent: number },
  present: Standards,
  next: Standards,
): Promise<Rehearsed> {
  const { db, brakePercent } = needs;
  const tally = new Tally();
  const silent: string[] = [];
  const pause = pauses();
  for (const batch of batchesOf(await fleetOf(db))) {
    const hosts = batch.filter(({ evidence }) => evidence).map(({ host }) => host);
    const found = await verifyRecorded(needs, db, hosts, pause, [present, next]);
    const verified = new Map(found.map((one) => [one.recorded.host, one]));
    for (const { host } of batch) {
      await pause();
      const one = verified.get(host);
      if (one) tally.add(host, judgeRecorded(needs, one, present), judgeRecorded(needs, one, next));
      else silent.push(host);
    }
  }
  return { rehearsal: tally.result({ silent, brakePercent }), losers: tally.losers };
}
