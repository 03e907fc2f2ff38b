// What does an answer say, and what is the host worth by it in each pool it is in? Decided by appraisal, from what is stored; nothing is stored here.
import { type Judgement, type Measured, type Verification, verifyEvidence } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type { Verdict } from '@assay/protocol';
import type { PresentEndorsement } from '../enrolment/present-endorsement.ts';
import { judgeIn, unknownIn } from '../standards/judge-in.ts';
import type { Held } from '../standards/memberships.ts';
import type { Membership } from '../standards/standards.ts';
import { withKeptLog } from '../storage/boot-logs.ts';
import { type Enrolled, stateOf } from '../storage/enrolments.ts';
import type { Db } from '../storage/schema.ts';
import type { StoredVerdicts } from '../storage/verdicts.ts';
import { filesMemory } from './files-memory.ts';
import type { Answer, RoundNeeds, SentChallenge, Silence } from './round.ts';

type Asked = {
  challenge: SentChallenge;
  enrolled: Enrolled;
  present: PresentEndorsement;
};

/** Pure verification with what is stored on the host. */
export async function verifyAnswer(
  { knownImaLines, knownLogs, log }: RoundNeeds,
  tx: Db,
  { challenge, enrolled, present }: Asked,
  answer: Answer,
): Promise<Verification | Silence> {
  if (!('evidence' in answer)) return answer;
  const { host, nonce, pcrs, imaAsked = 0 } = challenge;
  // A log that was left out counts if it is the one that is kept of this host.
  const { event_log_sha256: named, ...sent } = answer.evidence;
  const isKept = named !== undefined && named === enrolled.kept_log;
  try {
    return verifyEvidence({
      evidence: isKept ? await withKeptLog(tx, knownLogs, { ...sent, event_log_sha256: named }, pcrs) : sent,
      ak: Buffer.from(enrolled.ak_public, 'base64'),
      nonce: Buffer.from(nonce, 'base64'),
      wanted: pcrs,
      imaAsked,
      knownImaLines,
      knownLogs,
      endorsement: present.endorsement,
      previous: stateOf(enrolled),
    });
  } catch (error) {
    if (!(error instanceof AssayError)) log.error({ err: error, host }, 'appraisal failed');
    const message = error instanceof AssayError ? error.message : 'appraisal failed; the log has the rest';
    return { code: 'appraisal-failed', message };
  }
}

export type Judged = Pick<StoredVerdicts, 'verdicts' | 'revision' | 'files'> & { measured(): Measured | undefined };

type ToJudge = {
  host: string;
  present: PresentEndorsement;
  held: Held;
  verification: Verification | Silence;
  now: Date;
};

/** Pure appraisal by the policy of each pool the host is in, and what is known good now. */
export async function judgeInPools(
  needs: RoundNeeds,
  tx: Db,
  { host, present, held, verification, now }: ToJudge,
): Promise<Judged> {
  const { endorsement, withdrawn } = present;
  const { memberships, standards, tags } = held;
  const { knownGood, revision } = standards;
  const verified = 'authentic' in verification ? verification : undefined;
  const memory = await filesMemory(tx, host, verified, { memberships, knownGood, now });
  const left = new Map<string, string>();
  const judgements: Judgement[] = [];
  const one = (membership: Membership): Verdict => {
    const { pool } = membership;
    const before = memory.before.get(pool);
    if (before !== undefined) left.set(pool, before);
    if (!('authentic' in verification))
      return unknownIn(membership, needs.lifetimeS, { host, why: verification, revision, endorsement, now });
    const previousFiles = memory.inPool(pool);
    const given = { host, verification, endorsement, withdrawn, knownGood, tags, now, previousFiles };
    const judgement = judgeIn(membership, given, needs);
    judgements.push(judgement);
    if (judgement.files) left.set(pool, JSON.stringify(judgement.files));
    return judgement.verdict;
  };
  const verdicts = memberships.map(one);
  // Put into words when somebody learns from it, not in each round.
  const measured = () => judgements.map((judgement) => judgement.measured).find((one) => one !== undefined);
  return { verdicts, revision, measured, ...(left.size > 0 && { files: Object.fromEntries(left) }) };
}
