// Takes exactly what differs on one host into known good: a change like any other, with rehearsal, brake and journal. From recorded evidence that
// verifies; whoever accepts says why.
import { acceptable } from '@assay/appraisal';
import { AssayError, escaped } from '@assay/core';
import {
  type AcceptRequest,
  type AcceptResult,
  componentName,
  defaultPool,
  type NewReferenceValue,
} from '@assay/protocol';
import type { ChangeNeeds } from '../changes/needs.ts';
import { addValues } from '../changes/reference.ts';
import { referenceId } from '../storage/reference-values.ts';
import { recordedHost } from './recorded-host.ts';

/**
 * @throws AssayError `host-not-found`, `pool-not-found`, `accept-because-missing`, `accept-not-verified`, `accept-stale`, `accept-not-found`, `accept-retired`,
 * `accept-early`, `accept-value`, and those of a change to reference values
 */
export async function acceptHost(needs: ChangeNeeds, host: string, request: AcceptRequest): Promise<AcceptResult> {
  needs.registry.requireRegistered(host);
  const { pool = defaultPool, component, path, values: shown, evidence_sha256: lookedAt, ...change } = request;
  if (!change.dry_run && !change.because?.trim())
    throw new AssayError('accept-because-missing', 'because', 'the reason why this is good', 'none', {
      hint: 'whoever asks later what was accepted reads it in the journal',
    });
  const standards = await needs.standards(needs.db);
  const { recorded, isInPool } = await recordedHost(needs, standards, host, pool);
  if (!isInPool)
    throw standards.policies.has(pool)
      ? new AssayError('pool-not-found', `host ${host}`, 'a pool it is in', pool, { hint: `assay host show ${host}` })
      : new AssayError('pool-not-found', `pool ${pool}`, 'one that a policy names', 'none', {
          hint: 'assay policy list',
        });
  if (!recorded)
    throw new AssayError('accept-not-verified', `host ${host}`, 'recorded evidence that verifies', 'none', {
      hint: `ask it first: assay host attest ${host}`,
    });
  const { input } = recorded;
  const { verification } = input;
  const sha256 = verification.authentic ? verification.sha256 : undefined;
  if (lookedAt !== undefined && lookedAt !== sha256)
    throw new AssayError('accept-stale', `host ${host}`, `evidence ${lookedAt}`, sha256 ?? 'none that verifies', {
      hint: 'it was attested since: look again, and accept what is there now',
    });
  const values = acceptable(input, { component, path });
  if (shown && !sameIds(shown, values.map(referenceId)))
    throw new AssayError('accept-stale', `host ${host}`, `values ${shown.join(', ')}`, 'others, by now', {
      hint: 'it was attested since, and shows something else: look again, and accept what is there now',
    });
  const { added, known, rehearsal } = await addValues(needs, values, change, {
    action: 'host-accept',
    subject: host,
    text: `${whatOf(values)} of ${host} accepted: `,
  });
  return { added, known, ...(rehearsal && { rehearsal }) };
}

const sameIds = (shown: readonly string[], found: readonly string[]): boolean =>
  new Set(shown).symmetricDifference(new Set(found)).size === 0;

const whatOf = (values: readonly NewReferenceValue[]): string =>
  values
    .map(({ component, content }) =>
      content.form === 'measurements'
        ? [...new Set(content.measurements.map(({ claim }) => escaped(claim)))].slice(0, 5).join(', ')
        : componentName(component),
    )
    .join('; ');
