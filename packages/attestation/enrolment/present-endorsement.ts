// Does what enrolment found of a host's TPM still hold? An operator may have struck its CA off the list since, or brought a
// revocation list; its label may be another. Asked in every round, answered anew when the store or the time gives cause.
import { type Endorsement, recheckEndorsement, steadyUntil, type TrustStore } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { fromBase64 } from '@assay/protocol';
import type { EnrolmentRow } from '../storage/schema.ts';

export type PresentEndorsement = {
  /** Labelled as the store has it now; as enrolment found it when it does not hold. */
  endorsement: Endorsement;
  /** Why it does not hold any more. */
  withdrawn: AssayError | undefined;
};

type Enrolled = Pick<EnrolmentRow, 'ek_sha256' | 'ek_certificate' | 'endorsement'>;

/** What was found under one store, from one instant on and up to another. */
type Known = { from: Date; until: Date; found: Map<string, PresentEndorsement> };
const known = new WeakMap<TrustStore, Known>();
const mostKnown = 100_000;

export function presentEndorsement(store: TrustStore, enrolled: Enrolled, now: Date): PresentEndorsement {
  let memory = known.get(store);
  if (!memory || now < memory.from || now >= memory.until || memory.found.size >= mostKnown) {
    memory = { from: now, until: steadyUntil(store, now), found: new Map() };
    known.set(store, memory);
  }
  const key = `${enrolled.ek_sha256} ${enrolled.endorsement}`;
  const found = memory.found.get(key) ?? find(store, enrolled, now);
  memory.found.set(key, found);
  return found;
}

function find(store: TrustStore, { ek_certificate, endorsement }: Enrolled, now: Date): PresentEndorsement {
  const found = JSON.parse(endorsement) as Endorsement;
  try {
    const certificate = fromBase64(ek_certificate, 'EK certificate of the enrolment');
    return { endorsement: recheckEndorsement(certificate, found, store, now), withdrawn: undefined };
  } catch (error) {
    if (error instanceof AssayError) return { endorsement: found, withdrawn: error };
    throw error;
  }
}
