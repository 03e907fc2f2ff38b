// Recorded evidence, verified and judged again: what is each host worth by these standards, if it is as it was when it was last heard?
// Says nothing of the present: who changes what is good wants to know what the change does, and nothing else may differ.
import { type Judgement, type KnownLogs, type TrustStore, type Verification, verifyEvidence } from '@assay/appraisal';
import type { Clock, Log } from '@assay/daemon';
import type { KnownImaLines } from '@assay/measurement';
import type { Verdict } from '@assay/protocol';
import { type PresentEndorsement, presentEndorsement } from '../enrolment/present-endorsement.ts';
import type { Pause } from '../pauses.ts';
import type { Registry } from '../registry/registry.ts';
import { judgeIn } from '../standards/judge-in.ts';
import { membershipsOf, type ReadStandards, type Standards } from '../standards/standards.ts';
import { withKeptLog } from '../storage/boot-logs.ts';
import { type FleetEntry, type RecordedEvidence, recordedEvidence } from '../storage/recorded-evidence.ts';
import type { Db } from '../storage/schema.ts';
import { fileStates, filesFor, type RecordedFiles, readToTheEnd } from './recorded-files.ts';

export type JudgingNeeds = {
  db: Db;
  clock: Clock;
  log: Log;
  /** Seconds a verdict holds where no policy says it. */
  lifetimeS: number;
  registry: Registry;
  standards: ReadStandards;
  /** Whose word on a TPM counts now. */
  heldStore: () => TrustStore;
  knownImaLines: KnownImaLines;
  knownLogs: KnownLogs;
};

/** A host's evidence, verified; to be judged by whatever standards. */
export type Verified = {
  readonly recorded: RecordedEvidence;
  readonly verification: Verification;
  readonly present: PresentEndorsement;
  /** As far as IMA's list was read, judged by each of the standards it was verified for. */
  readonly files: RecordedFiles;
};

const mostHosts = 32;
const mostBytes = 8 * 1024 * 1024;

/** Parts of the fleet of which the evidence may be in memory at the same time. */
export function* batchesOf(fleet: readonly FleetEntry[]): Generator<FleetEntry[]> {
  let batch: FleetEntry[] = [];
  let bytes = 0;
  for (const entry of fleet) {
    const more = entry.evidence?.bytes ?? 0;
    if (batch.length === mostHosts || (batch.length > 0 && bytes + more > mostBytes)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(entry);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}

/**
 * Those of these hosts whose recorded evidence can be read, verified with what was stored beside it.
 * @param db to read from: the database, or a transaction
 * @param by what it will be judged by; where that asks for files that IMA measured, those that earlier rounds read are judged here
 */
export async function verifyRecorded(
  needs: JudgingNeeds,
  db: Db,
  hosts: readonly string[],
  pause: Pause,
  by: readonly Standards[] = [],
): Promise<Verified[]> {
  const { clock, heldStore, knownImaLines, knownLogs, log } = needs;
  const verified: Verified[] = [];
  const states = await fileStates(db, hosts, by);
  for (const recorded of await recordedEvidence(db, hosts)) {
    await pause();
    const { host } = recorded;
    try {
      if ('unreadable' in recorded) throw recorded.unreadable;
      const { enrolment, nonce, wanted, imaAsked, previous } = recorded;
      const present = presentEndorsement(heldStore(), enrolment, clock.now());
      const verification = verifyEvidence({
        evidence: await withKeptLog(db, knownLogs, recorded.evidence, wanted),
        ak: Buffer.from(enrolment.ak_public, 'base64'),
        endorsement: present.endorsement,
        ...{ nonce, wanted, imaAsked, previous, knownImaLines, knownLogs },
      });
      const files = await filesFor(db, recorded, verification, states.get(host), by, pause);
      verified.push({ recorded, verification, present, files });
    } catch (err) {
      log.error({ err, host }, 'recorded evidence cannot be read');
    }
  }
  return verified;
}

/** One for each pool the host is in by these standards; of the time at which the evidence came. */
export function judgementsOf(
  needs: Pick<JudgingNeeds, 'lifetimeS' | 'log'>,
  { recorded, verification: given, present, files }: Verified,
  standards: Standards,
): Pick<Judgement, 'verdict' | 'files'>[] {
  const { host, labels, tags, receivedAt: now } = recorded;
  const { endorsement, withdrawn } = present;
  const verification = readToTheEnd(given);
  const about = { host, verification, endorsement, withdrawn, knownGood: standards.knownGood, tags, now };
  const before = files.get(standards);
  return membershipsOf(standards, labels).map((membership) =>
    judgeIn(membership, { ...about, previousFiles: before?.get(membership.pool) }, needs),
  );
}

export const judgeRecorded = (...given: Parameters<typeof judgementsOf>): Verdict[] =>
  judgementsOf(...given).map(({ verdict }) => verdict);
