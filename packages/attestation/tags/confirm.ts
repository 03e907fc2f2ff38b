// A record of asset tags that was seen in its TPM once: what differs from then on was changed there.
import { type ExpectedTags, tagsOf, type Verification } from '@assay/appraisal';
import type { Enrolled } from '../storage/enrolments.ts';
import type { Db } from '../storage/schema.ts';
import { keepCertified } from '../storage/tags.ts';

/** Whatever the policy: also where it asks for no tags, and where there is none. */
export async function confirmTags(
  tx: Db,
  { enrolled, expected }: { enrolled: Enrolled; expected: ExpectedTags | undefined },
  verification: Extract<Verification, { authentic: true }>,
  now: Date,
): Promise<void> {
  if (!expected || expected.wasCertified) return;
  const { tags } = tagsOf(verification, { ekName: enrolled.ek_name, expected });
  if (tags) await keepCertified(tx, { host: enrolled.host, serial: expected.serial }, now);
}
