// What does a round come to? The challenge is used up, the evidence appraised and the verdict stored in one transaction;
// then readers are told. Whatever goes wrong on the way, the host is not trusted by it.
import {
  asksAgain,
  type EvidenceState,
  type Judgement,
  type KnownLogs,
  logDigest,
  type Measured,
  type TrustStore,
  type Verification,
  verifyEvidence,
} from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type { Clock, Log } from '@assay/daemon';
import type { KnownImaLines } from '@assay/measurement';
import { defaultPool, fromBase64, type PcrWish, type SentEvidence, type Verdict } from '@assay/protocol';
import { type PresentEndorsement, presentEndorsement } from '../enrolment/present-endorsement.ts';
import type { Registry } from '../registry/registry.ts';
import { judgeIn, unknownIn } from '../standards/judge-in.ts';
import { type Held, heldTo } from '../standards/memberships.ts';
import type { Membership, ReadStandards } from '../standards/standards.ts';
import { findBootLog, lastBootLog } from '../storage/boot-logs.ts';
import { useChallenge } from '../storage/challenges.ts';
import { findEnrolment, keepState, stateOf } from '../storage/enrolments.ts';
import { keepEvidence } from '../storage/evidence.ts';
import { dropImaParts, keepImaPart } from '../storage/ima-parts.ts';
import type { ChallengeRow, Db, EnrolmentRow } from '../storage/schema.ts';
import { keepVerdicts, type StoredVerdicts } from '../storage/verdicts.ts';
import { filesMemory } from './files-memory.ts';

export type RoundNeeds = {
  db: Db;
  clock: Clock;
  log: Log;
  /** Seconds a verdict holds where no policy says it. */
  lifetimeS: number;
  registry: Registry;
  /** Whose word on a TPM counts now. */
  heldStore: () => TrustStore;
  standards: ReadStandards;
  knownImaLines: KnownImaLines;
  knownLogs: KnownLogs;
};

/** A challenge, for which PCRs it asked, and from where for IMA's list. */
export type SentChallenge = ChallengeRow & { pcrs: readonly PcrWish[]; imaAsked?: number | undefined };

/** What came back for a challenge: evidence, or the reason why there is none. */
export type Answer = { evidence: SentEvidence } | { code: string; message: string };

export type Conclusion = {
  /** In the default pool, or in another when the host is not in it. */
  readonly verdict: Verdict;
  /** In every pool the host is in. */
  readonly verdicts: readonly Verdict[];
  /** The enrolled AK signed over our nonce: it was the host that answered, whatever it said. */
  readonly authentic: boolean;
  /** What a golden host would teach; absent when the evidence did not verify. */
  measured(): Measured | undefined;
  /** The host has to be asked on at once: see `Appraisal`. */
  readonly goesOn: boolean;
};

/**
 * @param counts whether an answer that is not authentic speaks against the host; false while another connection has proved to
 * be it, or anybody could make a host lose trust by claiming its name
 * @throws AssayError `challenge-unknown` (used before), `challenge-stale` (another AK was enrolled meanwhile), `storage-…`
 */
export async function conclude(
  needs: RoundNeeds,
  challenge: SentChallenge,
  answer: Answer,
  counts: boolean,
): Promise<Conclusion> {
  const { db, clock, registry } = needs;
  const { host, round } = challenge;
  try {
    const { conclusion, stored } = await db.transaction().execute(async (tx) => {
      await useChallenge(tx, challenge.id, {
        host,
        akName: challenge.ak_name,
        connection: challenge.connection,
      });
      const at = { now: clock.now(), uptimeMs: Math.round(clock.uptimeMs()), bootId: clock.bootId };
      const enrolment = await findEnrolment(tx, host);
      if (enrolment?.ak_name !== challenge.ak_name)
        throw new AssayError('challenge-stale', `host ${host}`, 'the AK it is enrolled with now', challenge.ak_name);
      const bootLog = await lastBootLog(tx, host);
      const present = presentEndorsement(needs.heldStore(), enrolment, at.now);
      const verification = await verify(needs, tx, { enrolment, bootLog, present }, challenge, answer);
      const held = await heldTo(tx, needs.standards, host);
      const judged = await judgeInPools(needs, tx, { present, held, host, verification, now: at.now });
      const authentic = 'authentic' in verification && verification.authentic;
      const stored = { host, round, ...judged, uptimeMs: at.uptimeMs, bootId: at.bootId };
      if (authentic || counts) await keepAnswer(tx, { enrolment, bootLog }, challenge, answer, at.now);
      const kept = (authentic || counts) && (await keepVerdicts(tx, stored));
      if (authentic) {
        await keepIma(tx, host, stateOf(enrolment), verification);
        await keepState(tx, host, challenge.ak_name, verification.state);
      }
      const goesOn = 'authentic' in verification && asksAgain(verification.findings);
      const { verdicts, measured } = judged;
      const conclusion = { verdict: foremost(verdicts), verdicts, authentic, goesOn, measured };
      return { conclusion, stored: kept ? stored : undefined };
    });
    if (stored) registry.accept(stored);
    return conclusion;
  } catch (error) {
    // Readers must not go on with a verdict whose successor could not be stored.
    const spent = error instanceof AssayError && error.code.startsWith('challenge-');
    if (counts && !spent) registry.accept(doubt(needs, host, round, error));
    throw error;
  }
}

/** What is stored on the host before this round. */
type Before = {
  enrolment: EnrolmentRow;
  /** SHA-256 of the boot log that is kept of it. */
  bootLog: string | undefined;
};

/** Why there is nothing to judge. */
type Silence = { code: string; message: string };

/** Pure verification with what is stored on the host. */
async function verify(
  needs: RoundNeeds,
  tx: Db,
  { enrolment, bootLog, present }: Before & { present: PresentEndorsement },
  { host, nonce, pcrs, imaAsked = 0 }: SentChallenge,
  answer: Answer,
): Promise<Verification | Silence> {
  if (!('evidence' in answer)) return answer;
  const { knownImaLines, knownLogs, log } = needs;
  try {
    return verifyEvidence({
      evidence: await withBootLog(needs, tx, answer.evidence, bootLog, pcrs),
      ak: Buffer.from(enrolment.ak_public, 'base64'),
      nonce: Buffer.from(nonce, 'base64'),
      wanted: pcrs,
      imaAsked,
      knownImaLines,
      knownLogs,
      endorsement: present.endorsement,
      previous: stateOf(enrolment),
    });
  } catch (error) {
    if (!(error instanceof AssayError)) log.error({ err: error, host }, 'appraisal failed');
    const message = error instanceof AssayError ? error.message : 'appraisal failed; the log has the rest';
    return { code: 'appraisal-failed', message };
  }
}

type Judged = Pick<StoredVerdicts, 'verdicts' | 'revision' | 'files'> & { measured(): Measured | undefined };

type ToJudge = {
  host: string;
  present: PresentEndorsement;
  held: Held;
  verification: Verification | Silence;
  now: Date;
};

/** Pure appraisal by the policy of each pool the host is in, and what is known good now. */
async function judgeInPools(
  needs: RoundNeeds,
  tx: Db,
  { host, present, held, verification, now }: ToJudge,
): Promise<Judged> {
  const { endorsement, withdrawn } = present;
  const { memberships, standards } = held;
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
    const files = memory.inPool(pool);
    const given = { host, verification, endorsement, withdrawn, knownGood, now, ...(files && { files }) };
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

/** As far as IMA's list was read, its bytes are kept: a host sends them once. */
async function keepIma(
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

const foremost = (verdicts: readonly Verdict[]): Verdict => {
  const verdict = verdicts.find(({ pool }) => pool === defaultPool) ?? verdicts[0];
  if (!verdict) throw new AssayError('pool-none', 'host', 'a pool it is in', 'none');
  return verdict;
};

/** With the boot log that the host left out, if it is the one that is kept of it; a reading in memory is as good as the log. */
async function withBootLog(
  { knownLogs }: RoundNeeds,
  tx: Db,
  { event_log_sha256: named, ...sent }: SentEvidence,
  bootLog: string | undefined,
  wanted: readonly PcrWish[],
): Promise<SentEvidence> {
  if (sent.event_log !== undefined || named === undefined || named !== bootLog) return sent;
  const selection = wanted.map(({ bank, pcrs }) => ({ hash: bank, pcrs: [...pcrs] }));
  if (knownLogs.recall(named, selection)) return { ...sent, event_log_sha256: named };
  const event_log = await findBootLog(tx, named);
  return event_log === undefined ? sent : { ...sent, event_log };
}

/** As it came, so that it can be looked at and appraised anew; the boot log beside it, because the next rounds have the same. */
async function keepAnswer(
  tx: Db,
  { enrolment, bootLog: before }: Before,
  { host, round, nonce, ak_name, pcrs, imaAsked = 0 }: SentChallenge,
  answer: Answer,
  now: Date,
) {
  if (!('evidence' in answer)) return;
  const { sha256, log, claimed } = split(answer.evidence, before);
  const asked = { wanted: JSON.stringify(pcrs), previous: enrolment.last_quote, ima_asked: imaAsked };
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

/** In memory only, in every pool it had a verdict in: nothing could be stored. */
function doubt(
  { lifetimeS, clock, registry }: RoundNeeds,
  host: string,
  round: number,
  error: unknown,
): StoredVerdicts {
  const why =
    error instanceof AssayError
      ? { code: error.code, message: error.message }
      : { code: 'internal', message: 'the round failed; the log has the rest' };
  const pools = new Set([defaultPool, ...registry.poolsOf(host)]);
  const verdicts = [...pools].map((pool) =>
    unknownIn({ pool, policy: undefined }, lifetimeS, { host, why, endorsement: undefined, now: clock.now() }),
  );
  return { host, round, revision: 0, verdicts, uptimeMs: clock.uptimeMs(), bootId: clock.bootId };
}
