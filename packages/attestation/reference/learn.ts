// What does a golden host teach? Its measurements of this moment become reference values, if its evidence verifies: who holds
// the host holds what is learnt, so learn from one whose making you know.
import { filesTaught, type Measured, referenceFrom } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type { LearnRequest, LearnResult, NewReferenceValue } from '@assay/protocol';
import type { ChangeNeeds } from '../changes/needs.ts';
import { addValues } from '../changes/reference.ts';
import { leftBehind } from '../storage/enrolments.ts';
import { imaListOf } from '../storage/ima-parts.ts';
import type { Db } from '../storage/schema.ts';

const deadlineMs = 30_000;

/**
 * Asks the host now, adds what is new, and has everybody judged by it.
 * @throws AssayError `reference-not-verified` when log, quote and key do not agree, or anything else makes its evidence unsound;
 * `attest-unavailable`, `attest-timeout`; `reference-value` for a component it has nothing of, or that its quote does not cover
 */
export async function learn(
  needs: ChangeNeeds,
  { host, components, vendor, name, version, ...change }: LearnRequest,
): Promise<LearnResult> {
  const { verdict, measured: teach } = await needs.switchboard.attestNow(host, { deadlineMs });
  const measured = await withFiles(needs.db, host, referenceFrom({ verdict, measured: teach() }));
  const strange = components?.find((wanted) => !measured.some(({ component }) => component === wanted));
  if (strange !== undefined)
    throw new AssayError(
      'reference-value',
      `host ${host}: components`,
      [...new Set(measured.map(({ component }) => component))].join(', '),
      strange,
    );
  if (measured.length === 0)
    throw new AssayError('reference-value', `host ${host}`, 'a quote over all PCRs of a component', 'of none', {
      hint: 'firmware is learnt from PCR 0–7, all four from 0–9, in each bank: see evidence.pcrs of its policy',
    });
  const { evidence_sha256: sha256 } = verdict;
  const values: NewReferenceValue[] = measured
    .filter(({ component }) => components?.includes(component) ?? true)
    .map(({ component, content }) => ({
      ...{ component, content },
      ...(vendor !== undefined && { vendor }),
      ...(name !== undefined && { name }),
      ...(version !== undefined && { version }),
      source: { kind: 'host', name: host, ...(sha256 !== undefined && { sha256 }) },
    }));
  return await addValues(needs, values, change);
}

/**
 * This round's part of IMA's list begins where the last one ended, and without its beginning nothing is taught of files: the rest is kept, as far as a
 * quote has proven it.
 */
async function withFiles(db: Db, host: string, measured: Measured): Promise<Measured> {
  if (measured.some(({ content }) => content.form === 'files')) return measured;
  const end = (await leftBehind(db, host)).state?.ima?.list.offset ?? 0;
  return end === 0 ? measured : [...measured, ...filesTaught(await imaListOf(db, host, end))];
}
