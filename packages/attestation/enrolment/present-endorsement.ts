// Does what enrolment found of a host's TPM still hold? An operator may have struck its CA off the list since, or brought a
// revocation list; its label may be another.
import { type Endorsement, recheckEndorsement, type TrustStore } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { fromBase64 } from '@assay/protocol';
import type { EnrolmentRow } from '../storage/schema.ts';

export type PresentEndorsement = {
  /** Labelled as the store has it now; as enrolment found it when it does not hold. */
  endorsement: Endorsement;
  /** Why it does not hold any more. */
  withdrawn: AssayError | undefined;
};

export function presentEndorsement(
  store: TrustStore,
  { ek_certificate, endorsement }: Pick<EnrolmentRow, 'ek_certificate' | 'endorsement'>,
  now: Date,
): PresentEndorsement {
  const found = JSON.parse(endorsement) as Endorsement;
  try {
    const certificate = fromBase64(ek_certificate, 'EK certificate of the enrolment');
    return { endorsement: recheckEndorsement(certificate, found, store, now), withdrawn: undefined };
  } catch (error) {
    if (error instanceof AssayError) return { endorsement: found, withdrawn: error };
    throw error;
  }
}
