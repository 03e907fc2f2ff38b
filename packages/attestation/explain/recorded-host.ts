// How is one host judged in one pool by its recorded evidence and the standards of now? Asked by whoever explains or accepts; nothing is stored.
import { type FilesState, type JudgementInput, judge, type Recorded } from '@assay/appraisal';
import { parse, Verdict } from '@assay/protocol';
import { type JudgingNeeds, pauses, verifyRecorded } from '../changes/recorded.ts';
import { membershipsOf, type Standards } from '../standards/standards.ts';
import { verdictRows } from '../storage/recorded-evidence.ts';

export type RecordedHost = {
  readonly recorded: Recorded | undefined;
  /** The host is in this pool by its labels. */
  readonly isInPool: boolean;
};

/** `recorded` is undefined: there is no evidence that could be read, or the host is not in the pool. */
export async function recordedHost(
  needs: JudgingNeeds,
  { knownGood, policies, revision }: Standards,
  host: string,
  pool: string,
): Promise<RecordedHost> {
  const { db } = needs;
  const [verified] = await verifyRecorded(needs, db, [host], pauses());
  if (!verified) return { recorded: undefined, isInPool: true };
  const { verification, present, recorded } = verified;
  const membership = membershipsOf({ policies }, recorded.labels).find((one) => one.pool === pool);
  if (!membership) return { recorded: undefined, isInPool: false };
  const { endorsement, withdrawn } = present;
  const { policy } = membership;
  const now = recorded.receivedAt;
  const row = (await verdictRows(db, [host])).get(host)?.find((one) => one.pool === pool);
  // Files are remembered by the round that judged them; what was judged of another round or by other standards is judged here, without them.
  const isPresent = row?.round === recorded.round && row.revision === revision;
  const files = isPresent && row.files !== null ? (JSON.parse(row.files) as FilesState) : undefined;
  const input: JudgementInput = {
    ...{ host, verification, endorsement, withdrawn, knownGood, policy, now },
    ...(files && { files: { previous: files } }),
  };
  const verdict = isPresent ? parse(Verdict, row.verdict, `stored verdict of ${host}`) : judge(input).verdict;
  return { recorded: { input, verdict, files }, isInPool: true };
}
