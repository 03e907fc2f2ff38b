// What speaks against a host, one by one, and how much: a lie or a contradiction makes it untrusted, an absence unknown.
import { AssayError, shown } from '@assay/core';
import { componentName, type Finding, type Trust } from '@assay/protocol';
import { type FindingCode, isFindingCode, kindOf } from './catalogue.ts';

/** How much a finding counts that is not allowed. A code nobody knows counts most. */
export const weight = ({ code }: Finding): Exclude<Trust, 'trusted'> => kindOf(code)?.weight ?? 'untrusted';

/** Codes that leave evidence sound: it says what happened, only that is not (yet) known to be good. */
export const leavesEvidenceSound = ({ code, allowed }: Finding): boolean =>
  allowed === true || kindOf(code)?.sound === true;

type Place = { component?: string; event?: number; entry?: number; pcr?: number };

/**
 * @param where a place one can go to: `event 10`, `PCR 4`, `TPMS_ATTEST.extraData`
 * @param seen as text: bytes in hex
 */
export const finding = (
  code: FindingCode,
  where: string,
  expected: string,
  seen: string,
  place: Place = {},
): Finding => ({
  code,
  ...place,
  expected: bounded(expected),
  seen: bounded(seen),
  message: `${place.component ? `${componentName(place.component)}: ` : ''}${where}: expected ${shown(expected)}, got ${shown(seen)}`,
});

/** A host chooses how long its command line is; a finding is stored, sent and shown. */
const longestText = 1000;
const bounded = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText)}… (${text.length} characters)` : text;

/** A check that threw, as a finding. What is not an AssayError is a bug and goes on being thrown. */
export function findingOf(error: unknown): Finding {
  if (!(error instanceof AssayError)) throw error;
  const code: FindingCode = isFindingCode(error.code) ? error.code : 'evidence-unreadable';
  return { code, expected: bounded(error.expected), seen: shown(error.got), message: error.message };
}

/** The same findings, those a policy allows marked so: they are shown and do not count. */
export const marked = (findings: readonly Finding[], allowed: readonly FindingCode[]): Finding[] =>
  findings.map((one) => ((allowed as readonly string[]).includes(one.code) ? { ...one, allowed: true } : one));

/** Those that count. */
export const counting = (findings: readonly Finding[]): Finding[] => findings.filter(({ allowed }) => !allowed);
