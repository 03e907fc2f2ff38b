// What became of a host, and what would each evidence that is kept come to today? An appraisal of the past changes nothing: no verdict is
// given by it.
import { judge, unknownVerdict, type Verification, verifyEvidence } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { type HistoryEntry, type HostHistory, type PcrWish, parse, SentEvidence, type Verdict } from '@assay/protocol';
import type { JudgingNeeds } from '../changes/recorded.ts';
import { presentEndorsement } from '../enrolment/present-endorsement.ts';
import { pauses } from '../pauses.ts';
import type { Standards } from '../standards/standards.ts';
import { stateOf } from '../storage/enrolments.ts';
import { evidenceAt, type KeptEvidence } from '../storage/evidence-history.ts';
import { expectedTagsFrom } from '../storage/tags.ts';
import { historyOf } from '../storage/verdict-history.ts';

export type HistoryWish = {
  /** Absent: all. */
  pool?: string | undefined;
  /** Changes, the newest first. */
  limit: number;
  /** By the standards of now. */
  reappraise: boolean;
};

/** @throws AssayError `host-not-found` */
export async function hostHistory(needs: JudgingNeeds, host: string, wish: HistoryWish): Promise<HostHistory> {
  const { db, registry } = needs;
  registry.requireRegistered(host);
  const standards = wish.reappraise ? await needs.standards(db) : undefined;
  const pause = pauses();
  const verified = new Map<number, Reading | undefined>();
  const entries: HistoryEntry[] = [];
  for (const change of await historyOf(db, host, { pool: wish.pool, limit: wish.limit })) {
    const { pool, round, at, until, verdict, evidence } = change;
    let now: Verdict | undefined;
    if (standards && evidence) {
      await pause();
      if (!verified.has(round)) verified.set(round, await readingOf(needs, host, round));
      const reading = verified.get(round);
      now = reading && judgedNow(needs, reading, pool, standards);
    }
    const told = { pool, round, at, ...(until !== null && { until }), verdict, evidence };
    entries.push({ ...told, ...(now && { now }) });
  }
  return { host, entries };
}

type Reading = { kept: KeptEvidence; verification: Verification | AssayError };

async function readingOf(needs: JudgingNeeds, host: string, round: number): Promise<Reading | undefined> {
  const kept = await evidenceAt(needs.db, host, round);
  if (!kept) return undefined;
  try {
    return { kept, verification: verified(needs, kept) };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return { kept, verification: error };
  }
}

/** With what was stored beside it: the key and the state of then. */
function verified({ heldStore, clock, knownImaLines, knownLogs }: JudgingNeeds, kept: KeptEvidence): Verification {
  const sent = parse(SentEvidence, kept.claimed, `evidence of round ${kept.round} of ${kept.host}`);
  const { event_log, wanted, previous, ima_asked, nonce, ak_public } = kept;
  const selection =
    wanted === null ? quotedOf(sent) : (JSON.parse(wanted) as PcrWish[]).map(({ bank, pcrs }) => ({ bank, pcrs }));
  return verifyEvidence({
    evidence: event_log === null ? sent : { ...sent, event_log },
    ak: Buffer.from(ak_public, 'base64'),
    endorsement: presentEndorsement(heldStore(), kept, clock.now()).endorsement,
    nonce: Buffer.from(nonce, 'base64'),
    wanted: selection,
    imaAsked: ima_asked ?? 0,
    previous: stateOf({ last_quote: previous }),
    knownImaLines,
    knownLogs,
  });
}

/** An earlier version did not write down what it had asked for: what was answered is taken for it, which the quote then has to cover. */
function quotedOf({ pcr_values: values = [] }: SentEvidence): PcrWish[] {
  const banks = Map.groupBy(values, ({ bank }) => bank);
  return [...banks].map(([bank, of]) => ({ bank, pcrs: of.map(({ pcr }) => pcr) }));
}

function judgedNow(needs: JudgingNeeds, { kept, verification }: Reading, pool: string, standards: Standards): Verdict {
  const { host, received_at } = kept;
  const { endorsement, withdrawn } = presentEndorsement(needs.heldStore(), kept, needs.clock.now());
  const policy = standards.policies.get(pool);
  const at = { host, endorsement, now: new Date(received_at) };
  if (verification instanceof AssayError)
    return unknownVerdict({
      ...at,
      why: { code: verification.code, message: verification.message },
      policy: policy ?? { pool, verdictLifetimeS: needs.lifetimeS },
      revision: standards.revision,
    });
  // Tags that were written since cannot be in evidence of then.
  const tags = expectedTagsFrom(kept.tags);
  const { verdict } = judge({ ...at, verification, withdrawn, knownGood: standards.knownGood, policy, tags });
  return { ...verdict, pool };
}
