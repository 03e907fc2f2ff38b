// An operator writes the asset tags of a host. From that instant those of before are certified no more, and the new ones are not yet: the host is
// asked for them at once, and until its TPM certifies them it has none.
import { isDeepStrictEqual } from 'node:util';
import { AssayError } from '@assay/core';
import { checkTags, type Tags, type TagsRequest, tagsText } from '@assay/protocol';
import { reappraiseHosts } from '../changes/reappraise.ts';
import type { Switchboard } from '../rounds/switchboard.ts';
import type { LabelNeeds } from '../standards/label-host.ts';
import { findHost } from '../storage/hosts.ts';
import { writeJournal } from '../storage/journal.ts';
import { findTags, keepTags, readTags } from '../storage/tags.ts';
import { countUp } from '../storage/versions.ts';

export type TagNeeds = LabelNeeds & { switchboard: Pick<Switchboard, 'attestNow' | 'connected'> };

/** The round under way, the one that writes the record, and a TPM of flesh and blood. */
const confirmMs = 30_000;

/**
 * These and no others. The same ones again make a new record as well: that is how one that was tampered with is mended.
 * Returns when a connected host has been asked for them; what came of it its verdicts say.
 * @throws AssayError `tags-stale`, `message-schema`
 */
export async function tagHost(needs: TagNeeds, host: string, request: TagsRequest): Promise<void> {
  const { switchboard } = needs;
  const tags = checkTags(request.tags, 'tags');
  if (!(await written(needs, host, tags, request)) || !switchboard.connected(host)) return;
  await switchboard.attestNow(host, { deadlineMs: confirmMs }).catch((error: unknown) => {
    if (!(error instanceof AssayError)) throw error; // a host that does not answer has its tags pending
  });
}

async function written(
  needs: TagNeeds,
  host: string,
  tags: Tags,
  { before: seen, by = 'somebody', because }: TagsRequest,
): Promise<boolean> {
  const { db, clock } = needs;
  return await needs.turns(async () => {
    const changed = await db.transaction().execute(async (tx) => {
      if (!(await findHost(tx, host))) return false; // removed meanwhile
      const row = await findTags(tx, host);
      const before = row ? readTags(row.tags) : {};
      if (seen && !isDeepStrictEqual(before, seen))
        throw new AssayError('tags-stale', `host ${host}`, `the tags ${tagsText(seen)}`, tagsText(before), {
          hint: 'somebody changed them meanwhile: look again',
        });
      if (Object.keys(tags).length === 0 && Object.keys(before).length === 0) return false;
      const now = clock.now();
      // The time, so that a record of an earlier life of this host, or of the database, is never as new.
      const serial = Math.max((row?.serial ?? 0) + 1, now.getTime());
      await keepTags(tx, { host, tags: JSON.stringify(tags), serial, written_at: now.toISOString() });
      await countUp(tx, 'standards');
      const text = `tags of host ${host}: ${tagsText(tags)} (record ${serial}); before: ${tagsText(before)}`;
      await writeJournal(tx, { at: now.toISOString(), by, action: 'host-tag', subject: host, text, because });
      return true;
    });
    if (changed) await needs.fallWatch.excuse(new Set([host]), () => reappraiseHosts(needs, [host]));
    return changed;
  });
}
