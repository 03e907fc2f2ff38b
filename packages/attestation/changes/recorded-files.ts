// What the files a host measured are judged by, when its recorded evidence is: the state that its last judgement in each pool left, and where other
// standards than those ask for it, IMA's list as far as it was read, from the beginning.
import { type FilesState, type JudgementInput, type Verification, wantsEarlierFiles } from '@assay/appraisal';
import { membershipsOf, type Standards } from '../standards/standards.ts';
import { imaListOf, type StoredImaPart } from '../storage/ima-parts.ts';
import type { RecordedEvidence } from '../storage/recorded-evidence.ts';
import type { Db } from '../storage/schema.ts';
import { filesStateOf } from '../storage/verdicts.ts';

/** By pool. */
export type RecordedFiles = {
  readonly before: ReadonlyMap<string, FilesState>;
  readonly earlier: readonly StoredImaPart[] | undefined;
};

export const noFiles: RecordedFiles = { before: new Map(), earlier: undefined };

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

/** What it takes to judge the files of this evidence by any of these standards. */
export async function filesFor(
  db: Db,
  { host, labels, receivedAt: now }: Pick<RecordedEvidence, 'host' | 'labels' | 'receivedAt'>,
  given: Verification,
  before: ReadonlyMap<string, FilesState> | undefined,
  by: readonly Standards[],
  pause: () => Promise<void>,
): Promise<RecordedFiles> {
  const verification = readToTheEnd(given);
  if (!verification.authentic || !verification.state.ima) return noFiles;
  const wanted = by.some((standards) =>
    membershipsOf(standards, labels).some(({ pool, policy }) => {
      if (!policy?.document.ima?.files) return false;
      return wantsEarlierFiles(before?.get(pool), { policy, knownGood: standards.knownGood, verification, now });
    }),
  );
  return {
    before: before ?? new Map(),
    earlier: wanted ? await imaListOf(db, host, verification.state.ima.list.offset, pause) : undefined,
  };
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

/** To be given to `judge` in this pool. */
export const filesIn = ({ before, earlier }: RecordedFiles, pool: string): NonNullable<JudgementInput['files']> => ({
  previous: before.get(pool),
  ...(earlier && { earlier }),
});
