// The labels of a host changed: it is in other pools from now on, and has its verdict in each of them at once.
import { isDeepStrictEqual } from 'node:util';
import { AssayError } from '@assay/core';
import type { Labels, LabelsRequest } from '@assay/protocol';
import type { ChangeNeeds } from '../changes/needs.ts';
import { type ReappraisalNeeds, reappraiseHosts } from '../changes/reappraise.ts';
import { findHost, keepLabels, labelsOf } from '../storage/hosts.ts';
import { writeJournal } from '../storage/journal.ts';
import { countUp } from '../storage/versions.ts';

export type LabelNeeds = ReappraisalNeeds & Pick<ChangeNeeds, 'turns' | 'fallWatch'>;

/**
 * These and no others. No brake: who labels a host has that one host in view, and is told what became of it.
 * Counts as a change of standards, so that a verdict by the labels of before never replaces one by those of now.
 * @throws AssayError `labels-stale`
 */
export async function labelHost(
  needs: LabelNeeds,
  host: string,
  { labels, before: seen, by = 'somebody', because }: LabelsRequest,
): Promise<void> {
  const { db, clock } = needs;
  await needs.turns(async () => {
    const changed = await db.transaction().execute(async (tx) => {
      const row = await findHost(tx, host);
      if (!row) return false; // removed meanwhile
      const before = labelsOf(row);
      if (seen && !isDeepStrictEqual(before, seen))
        throw new AssayError('labels-stale', `host ${host}`, `the labels ${inWords(seen)}`, inWords(before), {
          hint: 'somebody changed them meanwhile: look again',
        });
      if (isDeepStrictEqual(before, labels)) return false;
      await keepLabels(tx, host, labels);
      await countUp(tx, 'standards');
      const text = `labels of host ${host}: ${inWords(labels)}; before: ${inWords(before)}`;
      const line = { at: clock.now().toISOString(), by, action: 'host-label', subject: host, text };
      await writeJournal(tx, { ...line, because });
      return true;
    });
    if (changed) await needs.fallWatch.excuse(new Set([host]), () => reappraiseHosts(needs, [host]));
  });
}

const inWords = (labels: Labels): string =>
  Object.entries(labels)
    .sort()
    .map(([name, value]) => `${name}=${value}`)
    .join(', ') || 'none';
