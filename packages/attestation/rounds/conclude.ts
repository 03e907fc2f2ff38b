// What does a round come to? The challenge is used up, the evidence appraised and the verdict stored in one transaction;
// then readers are told. Whatever goes wrong on the way, the host is not trusted by it.
import { asksAgain, type Measured } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { defaultPool, type Verdict } from '@assay/protocol';
import { presentEndorsement } from '../enrolment/present-endorsement.ts';
import { unknownIn } from '../standards/judge-in.ts';
import { heldTo } from '../standards/memberships.ts';
import { useChallenge } from '../storage/challenges.ts';
import { findEnrolled, keepState, stateOf } from '../storage/enrolments.ts';
import { keepVerdicts, type StoredVerdicts } from '../storage/verdicts.ts';
import { confirmTags } from '../tags/confirm.ts';
import { judgeInPools, verifyAnswer } from './judge-round.ts';
import { keepAnswer, keepIma } from './keep-round.ts';
import type { Answer, RoundNeeds, SentChallenge } from './round.ts';

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
      // Evidence may be as old as its challenge, and its age counts from there.
      const at = { now: clock.now(), uptimeMs: Math.round(challenge.sentAtMs), bootId: clock.bootId };
      const enrolled = await findEnrolled(tx, host);
      if (enrolled?.ak_name !== challenge.ak_name)
        throw new AssayError('challenge-stale', `host ${host}`, 'the AK it is enrolled with now', challenge.ak_name);
      const present = presentEndorsement(needs.heldStore(), enrolled, at.now);
      const verification = await verifyAnswer(needs, tx, { challenge, enrolled, present }, answer);
      const held = await heldTo(tx, needs.standards, host);
      const judged = await judgeInPools(needs, tx, { present, held, host, verification, now: at.now });
      const authentic = 'authentic' in verification && verification.authentic;
      const stored = { host, round, ...judged, uptimeMs: at.uptimeMs, bootId: at.bootId };
      if (authentic || counts) await keepAnswer(tx, { enrolled, challenge, tags: held.tags }, answer, at.now);
      const kept = (authentic || counts) && (await keepVerdicts(tx, stored));
      if (authentic) {
        await keepIma(tx, host, stateOf(enrolled), verification);
        await confirmTags(tx, { enrolled, expected: held.tags }, verification, at.now);
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

const foremost = (verdicts: readonly Verdict[]): Verdict => {
  const verdict = verdicts.find(({ pool }) => pool === defaultPool) ?? verdicts[0];
  if (!verdict) throw new AssayError('pool-none', 'host', 'a pool it is in', 'none');
  return verdict;
};

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
