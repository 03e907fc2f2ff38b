// What does a golden host teach? Its measurements of this moment become reference values, if its evidence verifies: who holds
// the host holds what is learnt, so learn from one whose making you know.
import { filesTaught, referenceFrom } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type { LearnRequest, LearnResult, NewReferenceValue } from '@assay/protocol';
import type { ChangeNeeds } from '../changes/needs.ts';
import { addValues } from '../changes/reference.ts';
import { imaListOf } from '../storage/ima-parts.ts';

const deadlineMs = 30_000;

/**
 * Asks the host now, adds what is new, and has everybody judged by it.
 * @throws AssayError `reference-not-verified` when log, quote and key do not agree, or anything else makes its evidence unsound;
 * `attest-unavailable`, `attest-timeout`; `reference-value` for a component it has nothing of
 */
export async function learn(
  needs: ChangeNeeds,
  { host, components, name, version, ...change }: LearnRequest,
): Promise<LearnResult> {
  const { verdict, measured: teach } = await needs.switchboard.attestNow(host, { deadlineMs });
  const round = referenceFrom({ verdict, measured: teach() });
  // This round's part of IMA's list begins where the last one ended: without its beginning nothing is taught of files.
  const measured = round.some(({ content }) => content.form === 'files')
    ? round
    : [...round, ...filesTaught(await imaListOf(needs.db, host))];
  const strange = components?.find((wanted) => !measured.some(({ component }) => component === wanted));
  if (strange !== undefined)
    throw new AssayError(
      'reference-value',
      `host ${host}: components`,
      [...new Set(measured.map(({ component }) => component))].join(', '),
      strange,
    );
  const { evidence_sha256: sha256 } = verdict;
  const values: NewReferenceValue[] = measured
    .filter(({ component }) => components?.includes(component) ?? true)
    .map(({ component, content }) => ({
      ...{ component, content },
      ...(name !== undefined && { name }),
      ...(version !== undefined && { version }),
      source: { kind: 'host', name: host, ...(sha256 !== undefined && { sha256 }) },
    }));
  return await addValues(needs, values, change);
}
