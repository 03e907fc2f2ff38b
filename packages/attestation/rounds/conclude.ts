// What does a round come to? The challenge is used up, the evidence appraised and the verdict stored in one transaction;
// then readers are told. Whatever goes wrong on the way, the host is not trusted by it.
import {
  type Appraisal,
  appraise,
  type KnownLogs,
  logDigest,
  type Measured,
  type Policy,
  type TrustStore,
  unknownVerdict,
} from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type { Clock, Log } from '@assay/daemon';
import type { KnownImaLines } from '@assay/measurement';
import { fromBase64, type SentEvidence, type Verdict } from '@assay/protocol';
import { presentEndorsement } from '../enrolment/present-endorsement.ts';
import type { KnownGood } from '../reference/known-good.ts';
import type { Registry } from '../registry/registry.ts';
import { findBootLog, lastBootLog } from '../storage/boot-logs.ts';
import { useChallenge } from '../storage/challenges.ts';
import { findEnrolment, keepState, stateOf } from '../storage/enrolments.ts';
import { keepEvidence } from '../storage/evidence.ts';
import type { ChallengeRow, Db, EnrolmentRow } from '../storage/schema.ts';
import { keepVerdict } from '../storage/verdicts.ts';

export type RoundNeeds = {
  db: Db;
  clock: Clock;
  log: Log;
  policy: Policy;
  registry: Registry;
  /** Whose word on a TPM counts now. */
  heldStore: () => TrustStore;
  knownGood: KnownGood;
  knownImaLines: KnownImaLines;
  knownLogs: KnownLogs;
};

/** A challenge, and from where it asked for IMA's list. */
export type SentChallenge = ChallengeRow & { imaAsked?: number | undefined };

/** What came back for a challenge: evidence, or the reason why there is none. */
export type Answer = { evidence: SentEvidence } | { code: string; message: string };

export type Conclusion = {
  readonly verdict: Verdict;
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
      const appraisal = await judge(needs, tx, { enrolment, bootLog }, challenge, answer, at.now);
      const { verdict, state, goesOn } = appraisal;
      const authentic = state !== undefined;
      const stored = { verdict, round, uptimeMs: at.uptimeMs, bootId: at.bootId };
      if (authentic || counts) await keepAnswer(needs, tx, { enrolment, bootLog }, challenge, answer, at.now);
      const kept = (authentic || counts) && (await keepVerdict(tx, stored));
      if (state) await keepState(tx, host, challenge.ak_name, state);
      const conclusion = { verdict, authentic, goesOn, measured: () => appraisal.measured };
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

/** Pure appraisal with what is stored on the host. */
async function judge(
  needs: RoundNeeds,
  tx: Db,
  { enrolment, bootLog }: Before,
  { host, nonce, imaAsked = 0 }: SentChallenge,
  answer: Answer,
  now: Date,
): Promise<Appraisal> {
  const { policy, heldStore, knownGood, knownImaLines, knownLogs, log } = needs;
  const { endorsement, withdrawn } = presentEndorsement(heldStore(), enrolment, now);
  const nothing = (why: { code: string; message: string }): Appraisal => ({
    verdict: unknownVerdict({ host, why, policy, endorsement, now }),
    state: undefined,
    measured: undefined,
    goesOn: false,
  });
  if (!('evidence' in answer)) return nothing(answer);

  const reference = await knownGood(tx);
  try {
    return appraise({
      host,
      evidence: await withBootLog(needs, tx, answer.evidence, bootLog),
      ak: Buffer.from(enrolment.ak_public, 'base64'),
      nonce: Buffer.from(nonce, 'base64'),
      wanted: policy.pcrs,
      imaAsked,
      knownImaLines,
      knownLogs,
      endorsement,
      withdrawn,
      reference,
      policy,
      previous: stateOf(enrolment),
      now,
    });
  } catch (error) {
    if (!(error instanceof AssayError)) log.error({ err: error, host }, 'appraisal failed');
    const message = error instanceof AssayError ? error.message : 'appraisal failed; the log has the rest';
    return nothing({ code: 'appraisal-failed', message });
  }
}

/** With the boot log that the host left out, if it is the one that is kept of it; a reading in memory is as good as the log. */
async function withBootLog(
  { policy, knownLogs }: RoundNeeds,
  tx: Db,
  { event_log_sha256: named, ...sent }: SentEvidence,
  bootLog: string | undefined,
): Promise<SentEvidence> {
  if (sent.event_log !== undefined || named === undefined || named !== bootLog) return sent;
  const selection = policy.pcrs.map(({ bank, pcrs }) => ({ hash: bank, pcrs: [...pcrs] }));
  if (knownLogs.recall(named, selection)) return { ...sent, event_log_sha256: named };
  const event_log = await findBootLog(tx, named);
  return event_log === undefined ? sent : { ...sent, event_log };
}

/** As it came, so that it can be looked at and appraised anew; the boot log beside it, because the next rounds have the same. */
async function keepAnswer(
  { policy }: RoundNeeds,
  tx: Db,
  { enrolment, bootLog: before }: Before,
  { host, round, nonce, ak_name, imaAsked = 0 }: SentChallenge,
  answer: Answer,
  now: Date,
) {
  if (!('evidence' in answer)) return;
  const { sha256, log, claimed } = split(answer.evidence, before);
  const asked = { wanted: JSON.stringify(policy.pcrs), previous: enrolment.last_quote, ima_asked: imaAsked };
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

/** In memory only: nothing could be stored. */
function doubt({ policy, clock }: RoundNeeds, host: string, round: number, error: unknown) {
  const why =
    error instanceof AssayError
      ? { code: error.code, message: error.message }
      : { code: 'internal', message: 'the round failed; the log has the rest' };
  const verdict = unknownVerdict({ host, why, policy, endorsement: undefined, now: clock.now() });
  return { verdict, round, uptimeMs: clock.uptimeMs(), bootId: clock.bootId };
}
