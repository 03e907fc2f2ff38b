// Which asset tags does a verdict tell, and what speaks against the host by them? What is not certified is never told. Where the policy asks for
// no tags, findings on them are shown and do not count: nothing rests on them.
import { type Finding, type Tags, type UnmetTag, unmetTags } from '@assay/protocol';
import { finding } from '../findings/finding.ts';
import type { Policy } from '../policy/policy.ts';
import type { Verified } from '../verify-evidence.ts';
import { type CertifiedTags, certifiedTags, type ExpectedTags } from './certified.ts';

export type TagJudgement = { tags?: Tags; findings: Finding[] };

type Given = { ekName: string; expected: ExpectedTags | undefined };

/** What the TPM of this host certified of the tags that are expected. */
export const tagsOf = (
  { tagIndex, tagsAbsent }: Pick<Verified, 'tagIndex' | 'tagsAbsent'>,
  given: Given,
): CertifiedTags => certifiedTags({ ...given, reading: tagIndex, absent: tagsAbsent });

export function judgeTags(
  { document }: Pick<Policy, 'document'>,
  verification: Pick<Verified, 'tagIndex' | 'tagsAbsent'>,
  given: Given,
): TagJudgement {
  const { tags, finding: why } = tagsOf(verification, given);
  const { tags: demands } = document;
  if (!demands) return { ...(tags && { tags }), findings: why ? [{ ...why, allowed: true }] : [] };
  if (why) return { findings: [why] };
  const unmet = unmetTags(demands, tags);
  const findings = [
    ...told(
      'tag-mismatch',
      unmet.filter(({ has }) => has !== undefined),
    ),
    ...told(
      'tag-missing',
      unmet.filter(({ has }) => has === undefined),
    ),
  ];
  return { ...(tags && { tags }), findings };
}

function told(code: 'tag-mismatch' | 'tag-missing', unmet: readonly UnmetTag[]): Finding[] {
  if (unmet.length === 0) return [];
  const expected = unmet.map(({ name, wanted }) => `${name}=${wanted.join(' or ')}`).join(', ');
  const seen = unmet.map(({ name, has }) => (has === undefined ? `no tag ${name}` : `${name}=${has}`)).join(', ');
  return [finding(code, 'asset tags', expected, seen)];
}
