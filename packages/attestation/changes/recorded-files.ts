// What the files a host measured are judged by, when its recorded evidence is: the state that its last judgement in each pool left, and where other
// standards than those ask for it, the state that judging IMA's list by them from its beginning comes to.
import type { FilesState, Verification } from '@assay/appraisal';
import type { Pause } from '../pauses.ts';
import { filesUpTo, oneReading } from '../standards/earlier-files.ts';
import { membershipsOf, type Standards } from '../standards/standards.ts';
import { imaListOf } from '../storage/ima-parts.ts';
import type { RecordedEvidence } from '../storage/recorded-evidence.ts';
import type { Db } from '../storage/schema.ts';
import { filesStateOf } from '../storage/verdicts.ts';

/** By what they are judged, and in which pool. */
export type RecordedFiles = ReadonlyMap<Standards, ReadonlyMap<string, FilesState>>;

const judgesFiles = ({ policies }: Standards): boolean =>
  [...policies.values()].some(({ document }) => document.ima?.files !== undefined);

/** States that are stored of these hosts, by host; nothing is read where nobody judges files. */
export async function fileStates(
  db: Db,
  hosts: readonly string[],
  by: readonly Standards[],
): Promise<Map<string, Map<string, FilesState>>> {
  const byHost = new Map<string, Map<string, FilesState>>();
  if (hosts.length === 0 || !by.some(judgesFiles)) return byHost;
  const rows = await db
    .selectFrom('verdicts')
    .select(['host', 'pool', 'files'])
    .where('host', 'in', hosts)
    .where('files', 'is not', null)
    .execute();
  for (const { host, pool, files } of rows) {
    const state = filesStateOf(files);
    if (!state) continue;
    const known = byHost.get(host);
    if (known) known.set(pool, state);
    else byHost.set(host, new Map([[pool, state]]));
  }
  return byHost;
}

/** What to judge these files on from, by each of these standards. */
export async function filesFor(
  db: Db,
  { host, labels, receivedAt: now }: Pick<RecordedEvidence, 'host' | 'labels' | 'receivedAt'>,
  given: Verification,
  before: ReadonlyMap<string, FilesState> = new Map(),
  by: readonly Standards[],
  pause: Pause,
): Promise<RecordedFiles> {
  const verification = readToTheEnd(given);
  const { ima } = verification.authentic ? verification.state : {};
  const found = new Map<Standards, ReadonlyMap<string, FilesState>>();
  if (!ima) return found;
  const list = oneReading(() => imaListOf(db, host, ima.list.offset, pause));
  for (const standards of by) {
    const { knownGood } = standards;
    const inPools = new Map(before);
    for (const { pool, policy } of membershipsOf(standards, labels)) {
      if (!policy) continue;
      const input = { policy, knownGood, verification, now };
      const state = await filesUpTo(before.get(pool), input, list, pause);
      if (state) inPools.set(pool, state);
    }
    found.set(standards, inPools);
  }
  return found;
}

/**
 * Of a list that came in parts, the last one has been judged and stored as the others have: it is one of the earlier parts now. Where the evidence has
 * the list from its beginning, nothing else is needed.
 */
export function readToTheEnd(verification: Verification): Verification {
  if (!verification.authentic || !verification.imaPart || verification.imaPart.offset === 0) return verification;
  const { imaPart: _, ...rest } = verification;
  return rest;
}
