// What is a host worth in one pool? Where there is nothing to judge, or judging fails, it is unknown.
import { type Judgement, type JudgementInput, judge, unknownVerdict } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';
import type { Verdict } from '@assay/protocol';
import type { Membership } from './standards.ts';

/** @param lifetimeS of a verdict where the pool has no policy */
export const unknownIn = (
  { pool, policy }: Membership,
  lifetimeS: number,
  about: Omit<Parameters<typeof unknownVerdict>[0], 'policy'>,
): Verdict => unknownVerdict({ ...about, policy: policy ?? { pool, verdictLifetimeS: lifetimeS } });

/** A fault of ours while judging is logged, and the host is trusted by nothing that follows from it. */
export function judgeIn(
  membership: Membership,
  given: Omit<JudgementInput, 'policy'>,
  { lifetimeS, log }: { lifetimeS: number; log: Log },
): Judgement {
  const { host, endorsement, now, knownGood } = given;
  const { pool, policy } = membership;
  try {
    return judge({ ...given, policy });
  } catch (error) {
    if (!(error instanceof AssayError)) log.error({ err: error, host, pool }, 'appraisal failed');
    const why = { code: 'appraisal-failed', message: 'appraisal failed; the log has the rest' };
    const about = { host, why, revision: knownGood.revision, endorsement, now };
    return { verdict: unknownIn(membership, lifetimeS, about), measured: undefined };
  }
}
