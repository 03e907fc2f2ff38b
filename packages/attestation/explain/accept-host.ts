// Takes exactly what differs on one host into known good: a change like any other, with rehearsal, brake and journal. From recorded evidence that
// verifies; whoever accepts says why.
import { acceptable, type JudgementInput } from '@assay/appraisal';
import { AssayError, escaped } from '@assay/core';
import {
  type AcceptRequest,
  type AcceptResult,
  componentName,
  defaultPool,
  type NewReferenceValue,
} from '@assay/protocol';
import type { ChangeNeeds } from '../changes/needs.ts';
import { pauses, verifyRecorded } from '../changes/recorded.ts';
import { addValues } from '../changes/reference.ts';
import { membershipsOf } from '../standards/standards.ts';

/**
 * @throws AssayError `host-not-found`, `accept-because-missing`, `accept-not-verified`, `accept-stale`, `accept-not-found`, `accept-retired`,
 * `accept-early`, `accept-value`, and those of a change to reference values
 */
export async function acceptHost(needs: ChangeNeeds, host: string, request: AcceptRequest): Promise<AcceptResult> {
  needs.registry.requireRegistered(host);
  const { pool = defaultPool, component, path, evidence_sha256: lookedAt, ...change } = request;
  if (!change.because?.trim())
    throw new AssayError('accept-because-missing', 'because', 'the reason why this is good', 'none', {
      hint: 'whoever asks later what was accepted reads it in the journal',
    });
  const input = await judgementInput(needs, host, pool);
  const { verification } = input;
  const sha256 = verification.authentic ? verification.sha256 : undefined;
  if (lookedAt !== undefined && lookedAt !== sha256)
    throw new AssayError('accept-stale', `host ${host}`, `evidence ${lookedAt}`, sha256 ?? 'none that verifies', {
      hint: 'it was attested since: look again, and accept what is there now',
    });
  const values = acceptable(input, { component, path });
  const { added, known, rehearsal } = await addValues(needs, values, change, {
    action: 'host-accept',
    subject: host,
    text: `${whatOf(values)} of ${host} accepted: `,
  });
  const old = known.find(({ state }) => state === 'retired');
  if (old)
    throw new AssayError(
      'accept-retired',
      `host ${host}`,
      'something never known',
      `value ${old.id}, which was retired`,
      {
        hint: `if it is good again: assay reference reinstate ${old.id}`,
      },
    );
  return { added, known, ...(rehearsal && { rehearsal }) };
}

const whatOf = (values: readonly NewReferenceValue[]): string =>
  values
    .map(({ component, content }) =>
      content.form === 'measurements'
        ? [...new Set(content.measurements.map(({ claim }) => escaped(claim)))].slice(0, 5).join(', ')
        : componentName(component),
    )
    .join('; ');

/** As the host is judged in this pool now, by its recorded evidence. @throws AssayError `accept-not-verified` */
async function judgementInput(needs: ChangeNeeds, host: string, pool: string): Promise<JudgementInput> {
  const { db, standards: read } = needs;
  const [verified] = await verifyRecorded(needs, db, [host], pauses());
  const nothing = (got: string) =>
    new AssayError('accept-not-verified', `host ${host}`, 'recorded evidence that verifies', got, {
      hint: `ask it first: assay host attest ${host}`,
    });
  if (!verified) throw nothing('none');
  const { recorded, verification, present } = verified;
  const { knownGood, policies } = await read(db);
  const membership = membershipsOf({ policies }, recorded.labels).find((one) => one.pool === pool);
  if (!membership) throw new AssayError('accept-pool-not-found', `host ${host}`, 'a pool it is in', pool);
  const { endorsement, withdrawn } = present;
  return { host, verification, endorsement, withdrawn, knownGood, policy: membership.policy, now: recorded.receivedAt };
}
