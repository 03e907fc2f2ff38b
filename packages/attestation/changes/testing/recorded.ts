// A fleet for a test, without a TPM for each host: evidence as it would have come, recorded as the server does it.
import {
  appraise,
  bootPcrs,
  checkEndorsement,
  logDigest,
  referenceFrom,
  trustStoreFrom,
  unknownVerdict,
} from '@assay/appraisal';
import { knownGoodOf, makeEvidence, type SoftwareTpm, softwareTpm, testPolicy } from '@assay/appraisal/testing';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { corpusLog } from '@assay/measurement/testing';
import type { Labels, NewReferenceValue, PolicyDocument } from '@assay/protocol';
import { keepEvidence } from '../../storage/evidence.ts';
import { keepLabels, registerHost } from '../../storage/hosts.ts';
import type { Db } from '../../storage/schema.ts';
import { keepVerdicts } from '../../storage/verdicts.ts';

/** The boot log of most hosts, and one whose kernel is another: `b`, `c` … differ from each other too. */
export const logOf = (variant: string): Uint8Array => {
  const log = corpusLog('ovmf-linux-6.1');
  if (variant === 'a') return log;
  const digest = new Uint8Array(32).fill(variant.charCodeAt(0));
  return writeEventLog(withDigests(parseEventLog(log), kernelEvent, { sha256: digest }));
};
const kernelEvent = 10;

export type FleetHost = { name: string; variant?: string; labels?: Labels; round?: number };

/** One AK is enough: nobody looks whether two hosts share it. */
export const fleetTpm: SoftwareTpm = softwareTpm();
const store = trustStoreFrom([{ file: 'ca.pem', text: fleetTpm.ca.pem, kind: 'software' }]);
export const fleetStore = () => store;

/** Registered, enrolled, their evidence recorded; the verdict of that round says that nothing was known good. */
export async function recordFleet(db: Db, hosts: readonly FleetHost[], at: Moment): Promise<void> {
  const { akName, akPublic, ekCertificate, ekPublic } = fleetTpm;
  const endorsement = checkEndorsement(ekCertificate, ekPublic, [], store, at.now);
  await db.transaction().execute(async (tx) => {
    for (const { name, variant = 'a', labels = {}, round = 1 } of hosts) {
      await registerHost(tx, { name, ekPin: undefined, now: at.now });
      await keepLabels(tx, name, labels);
      await tx
        .insertInto('enrolments')
        .values({
          host: name,
          ek_sha256: `ek of ${name}`,
          ek_name: `ek of ${name}`,
          ek_certificate: Buffer.from(ekCertificate).toString('base64'),
          endorsement: JSON.stringify(endorsement),
          ak_name: akName.toHex(),
          ak_public: Buffer.from(akPublic).toString('base64'),
          enrolled_at: at.now.toISOString(),
          last_quote: null,
        })
        .execute();
      await recordEvidence(tx, { name, variant, round }, at);
    }
  });
}

/** `lifetimeS`: how long the verdict of that round holds. */
type Moment = { now: Date; uptimeMs: number; bootId: string; lifetimeS?: number };

/** A round of a host: it booted this. */
export async function recordEvidence(
  tx: Db,
  { name, variant = 'a', round = 1 }: FleetHost,
  { now, uptimeMs, bootId, lifetimeS = 7200 }: Moment,
): Promise<void> {
  const { akKey, akName, ekCertificate, ekPublic } = fleetTpm;
  const endorsement = checkEndorsement(ekCertificate, ekPublic, [], store, now);
  const nonce = Buffer.alloc(32, `${name} ${round}`);
  const { event_log = '', ...claimed } = makeEvidence({ akKey, akName, nonce, log: logOf(variant) });
  await keepEvidence(
    tx,
    {
      host: name,
      round,
      nonce: nonce.toString('base64'),
      ak_name: akName.toHex(),
      claimed: JSON.stringify(claimed),
      received_at: now.toISOString(),
      wanted: JSON.stringify(bootPcrs),
      previous: null,
      ima_asked: 0,
      tags: null,
      event_log_sha256: logDigest(logOf(variant)),
    },
    { before: undefined, log: event_log },
  );
  const why = { code: 'reference-missing', message: 'nothing is known' };
  const policy = { ...testPolicy(), verdictLifetimeS: lifetimeS };
  const verdict = unknownVerdict({ host: name, why, policy, revision: 0, endorsement, now });
  await keepVerdicts(tx, { host: name, round, revision: 0, uptimeMs, bootId, verdicts: [verdict] });
}

/** What a golden host with this log would teach, each under its own name. */
export function valuesOf(variant = 'a', more: Partial<NewReferenceValue> = {}): NewReferenceValue[] {
  const { akKey, akName, akPublic, ekCertificate, ekPublic } = fleetTpm;
  const [nonce, now] = [new Uint8Array(32), new Date()];
  const measured = referenceFrom(
    appraise({
      host: 'golden',
      evidence: makeEvidence({ akKey, akName, nonce, log: logOf(variant) }),
      ak: akPublic,
      endorsement: checkEndorsement(ekCertificate, ekPublic, [], store, now),
      ...{ nonce, wanted: bootPcrs, previous: undefined, now },
      knownGood: knownGoodOf([]),
      policy: testPolicy({ evidence: { pcrs: { sha256: bootPcrs[0]?.pcrs as number[] } } }),
    }),
  );
  return measured.map(({ component, content }) => ({
    ...{ component, content },
    source: { kind: 'host', name: `golden-${variant}` },
    ...more,
  }));
}

/** Policies that only rest on what recorded evidence covers. */
export const fleetPolicy: PolicyDocument = {
  pool: 'default',
  evidence: { pcrs: { sha256: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] } },
  tpm: { software: true },
  known_good: ['firmware', 'boot_loader', 'hypervisor', 'operating_system'],
};
