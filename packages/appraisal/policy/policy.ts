// What is asked of a host: which PCRs a quote must cover, what kind of TPM may vouch, what has to be known good, how long a verdict holds.
import { AssayError } from '@assay/core';
import { imaPcr } from '@assay/measurement';
import { type Bank, components, defaultPool, type PcrWish, type PolicyDocument } from '@assay/protocol';
import { allowedByDefault, allowedFindings, type FindingCode } from '../findings/catalogue.ts';
import { checkDocument, fieldOf } from './check-document.ts';

/** A policy document with what it leaves unsaid filled in. */
export type Policy = {
  pool: string;
  /** Of the document. */
  version: number;
  /** PCRs that must be quoted; log and quote must agree on all of them. Empty: nothing is proven, so nothing trusted. */
  pcrs: readonly PcrWish[];
  /** Components that have to be known good: of the four, and of the document's extras. Empty: nobody is trusted. */
  knownGood: readonly string[];
  /** Whether an endorsement by a CA of software TPMs is enough. */
  softwareTpmAccepted: boolean;
  /** Findings that are shown and do not count; see `allowedFindings`. */
  allowed: readonly FindingCode[];
  /** Seconds from verification to expiry of a verdict. */
  verdictLifetimeS: number;
  document: PolicyDocument;
};

/** What the boot log covers and the running system leaves alone: PCR 0–9 (11–15 change while running). */
export const bootPcrs: readonly PcrWish[] = [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }];

/** What is asked of a host unless told: those, and PCR 10, which its IMA list has to explain. */
export const defaultPcrs: readonly PcrWish[] = [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }];

/**
 * @param document of the schema
 * @param lifetimeS where the document has no `max_age`
 * @throws AssayError `policy-value` for what no schema can tell, as `checkDocument` does, and for a finding that may not be allowed
 */
export function policyFrom(
  document: PolicyDocument,
  { version, lifetimeS }: { version: number; lifetimeS: number },
): Policy {
  const { evidence = {}, tpm = {}, known_good: knownGood = [], extras = [] } = document;
  const wishes = Object.entries(evidence.pcrs ?? {}).map(([bank, pcrs]) => ({
    bank: bank as Bank,
    pcrs: [...pcrs].sort((a, b) => a - b),
  }));
  const asked = withMore(evidence.pcrs ? wishes : defaultPcrs, [
    ...extras.flatMap(({ pcrs }) => pcrs),
    ...rulePcrs(document),
  ]);
  checkDocument(document, asked);
  return {
    pool: document.pool,
    version,
    pcrs: asked,
    knownGood,
    softwareTpmAccepted: tpm.software ?? false,
    allowed: document.allowed_findings
      ? allowedFindings(document.allowed_findings, fieldOf(document, 'allowed_findings'))
      : allowedByDefault,
    verdictLifetimeS: evidence.max_age ?? lifetimeS,
    document,
  };
}

/** PCRs without which a rule of the policy could never be proven. */
const rulePcrs = ({ secure_boot: secureBoot, command_line: commandLine, ima }: PolicyDocument): number[] => [
  ...(secureBoot ? [7] : []),
  ...(commandLine ? [8, 9] : []),
  ...(ima ? [imaPcr] : []),
];

/** The PCRs of a policy's own, and those its extras and its rules need. */
const withMore = (wishes: readonly PcrWish[], more: readonly number[]): PcrWish[] =>
  wishes.map(({ bank, pcrs }) => ({ bank, pcrs: [...new Set([...pcrs, ...more])].sort((a, b) => a - b) }));

/** A policy that asks for nothing proves nothing. @throws AssayError `policy-empty` */
export function checkPolicy({ pool, pcrs, knownGood }: Policy): void {
  if (pcrs.length === 0 || pcrs.some((wish) => wish.pcrs.length === 0))
    throw new AssayError('policy-empty', `policy ${pool}`, 'PCRs that must be quoted', pcrs);
  if (knownGood.length === 0)
    throw new AssayError('policy-empty', `policy ${pool}`, 'components that have to be known good', 'none');
}

/** What a lab asks for, and tests: everything known good, vouched for by whatever TPM. */
export const labDocument: PolicyDocument = {
  pool: defaultPool,
  tpm: { software: true, virtual: true },
  known_good: [...components],
};
