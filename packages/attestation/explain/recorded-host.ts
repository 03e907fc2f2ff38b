// How is one host judged in one pool by its recorded evidence and the standards of now? Asked by whoever explains or accepts; nothing is stored.
import { judge, type Recorded } from '@assay/appraisal';
import { type JudgingNeeds, verifyRecorded } from '../changes/recorded.ts';
import { readToTheEnd } from '../changes/recorded-files.ts';
import { pauses } from '../pauses.ts';
import { membershipsOf, type Standards } from '../standards/standards.ts';

export type RecordedHost = {
  /** Undefined: there is no evidence that could be read, or the host is not in the pool. */
  readonly recorded: Recorded | undefined;
  /** By its labels, as far as they are known. */
  readonly isInPool: boolean;
};

export async function recordedHost(
  needs: JudgingNeeds,
  standards: Standards,
  host: string,
  pool: string,
): Promise<RecordedHost> {
  const [verified] = await verifyRecorded(needs, needs.db, [host], pauses(), [standards]);
  if (!verified) return { recorded: undefined, isInPool: true };
  const { verification, present, recorded, files } = verified;
  const membership = membershipsOf(standards, recorded.labels).find((one) => one.pool === pool);
  if (!membership) return { recorded: undefined, isInPool: false };
  const input = {
    host,
    verification: readToTheEnd(verification),
    endorsement: present.endorsement,
    withdrawn: present.withdrawn,
    knownGood: standards.knownGood,
    policy: membership.policy,
    tags: recorded.tags,
    previousFiles: files.get(standards)?.get(pool),
    now: recorded.receivedAt,
  };
  const judgement = judge(input);
  return { recorded: { input, verdict: judgement.verdict, files: judgement.files }, isInPool: true };
}
