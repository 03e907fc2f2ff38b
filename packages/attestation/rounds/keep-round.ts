// What is kept of a round beside its verdicts: the evidence as it came, and what a host sends only once.
import { type EvidenceState, type ExpectedTags, logDigest, type Verification } from '@assay/appraisal';
import { fromBase64, type SentEvidence } from '@assay/protocol';
import type { Enrolled } from '../storage/enrolments.ts';
import { keepEvidence } from '../storage/evidence.ts';
import { dropImaParts, keepImaPart } from '../storage/ima-parts.ts';
import type { Db } from '../storage/schema.ts';
import { expectedTagsText } from '../storage/tags.ts';
import type { Answer, SentChallenge } from './round.ts';

/** As it came, so that it can be looked at and appraised anew; the boot log beside it, because the next rounds have the same. */
export async function keepAnswer(
  tx: Db,
  { enrolled, challenge, tags }: { enrolled: Enrolled; challenge: SentChallenge; tags: ExpectedTags | undefined },
  answer: Answer,
  now: Date,
) {
  if (!('evidence' in answer)) return;
  const { host, round, nonce, ak_name, pcrs, imaAsked = 0 } = challenge;
  const { kept_log, last_quote: previous } = enrolled;
  const before = kept_log ?? undefined;
  const { sha256, log, claimed } = split(answer.evidence, before);
  const asked = {
    wanted: JSON.stringify(pcrs),
    previous,
    ima_asked: imaAsked,
    tags: expectedTagsText(tags),
  };
  const row = { host, round, nonce, ak_name, claimed: JSON.stringify(claimed), received_at: now.toISOString() };
  await keepEvidence(tx, { ...row, ...asked, event_log_sha256: sha256 }, { before, log });
}

function split(sent: SentEvidence, before: string | undefined) {
  const { event_log: log, event_log_sha256: named, ...claimed } = sent;
  if (log === undefined) return { sha256: named !== undefined && named === before ? named : null, log, claimed };
  try {
    return { sha256: logDigest(fromBase64(log, 'evidence.event_log')), log, claimed };
  } catch {
    return { sha256: null, log: undefined, claimed: sent }; // no base64: nobody else may come by it
  }
}

/** As far as IMA's list was read, its bytes are kept: a host sends them once. */
export async function keepIma(
  tx: Db,
  host: string,
  before: EvidenceState | undefined,
  { state, imaPart }: Extract<Verification, { authentic: true }>,
): Promise<void> {
  const end = state.ima?.list.offset ?? 0;
  if (imaPart && imaPart.offset + imaPart.bytes.length === end) {
    if (imaPart.bytes.length > 0 || imaPart.offset === 0) await keepImaPart(tx, host, imaPart);
  } else if (end === 0 && before?.ima) await dropImaParts(tx, host);
}
