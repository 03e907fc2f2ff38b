// What is remembered of the files a host measured, for who judges it: the state that the last judgement of each pool left, and the parts of IMA's list that
// earlier rounds brought.
import type { FilesState, Verification } from '@assay/appraisal';
import { pauses } from '../pauses.ts';
import { filesUpTo, oneReading } from '../standards/earlier-files.ts';
import type { Membership, Standards } from '../standards/standards.ts';
import { imaListOf } from '../storage/ima-parts.ts';
import type { Db } from '../storage/schema.ts';
import { filesOf, filesStateOf } from '../storage/verdicts.ts';

type Memory = {
  /** To be given to `judge` in this pool; undefined: its policy does not judge files, or nothing is proven of them. */
  inPool(pool: string): FilesState | undefined;
  /** What is to be stored when a judgement leaves no state: what was there. */
  readonly before: ReadonlyMap<string, string>;
};

const nothing: Memory = { inPool: () => undefined, before: new Map() };

/** @param db the transaction in which the verdicts will be stored, before this round's part is */
export async function filesMemory(
  db: Db,
  host: string,
  verification: Verification | undefined,
  { memberships, knownGood, now }: { memberships: readonly Membership[]; now: Date } & Pick<Standards, 'knownGood'>,
): Promise<Memory> {
  const judging = memberships.flatMap(({ policy }) => (policy?.document.ima?.files ? [policy] : []));
  if (judging.length === 0) return nothing;
  const before = await filesOf(db, host);
  if (!verification?.authentic) return { ...nothing, before };
  // Parts of an earlier boot say nothing: what this round has read follows on what is older, or begins the list.
  const until = verification.imaPart?.offset ?? verification.state.ima?.list.offset ?? 0;
  const pause = pauses();
  const list = oneReading(() => imaListOf(db, host, until, pause));
  const found = new Map<string, FilesState | undefined>();
  for (const policy of judging) {
    const previous = filesStateOf(before.get(policy.pool));
    found.set(policy.pool, await filesUpTo(previous, { policy, knownGood, verification, now }, list, pause));
  }
  return { inPool: (pool) => found.get(pool), before };
}
