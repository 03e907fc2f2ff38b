// Every code a finding can have, once. docs/evidence.md lists them all; a test holds both equal.
import { AssayError } from '@assay/core';
import { authenticityFindings } from './authenticity.ts';
import { bootLogFindings } from './boot-log.ts';
import { endorsementFindings } from './endorsement.ts';
import { imaFindings } from './ima.ts';
import type { FindingKind } from './kind.ts';
import { policyFindings } from './policy.ts';
import { referenceFindings } from './reference.ts';
import { roundFindings } from './round.ts';
import { tagFindings } from './tags.ts';
import { tpmFindings } from './tpm.ts';

const kinds = {
  ...authenticityFindings,
  ...endorsementFindings,
  ...tpmFindings,
  ...bootLogFindings,
  ...imaFindings,
  ...policyFindings,
  ...tagFindings,
  ...referenceFindings,
  ...roundFindings,
} as const satisfies Record<string, FindingKind>;

export type FindingCode = keyof typeof kinds;

/** By code, in the order a document has them. */
export const findingCatalogue: Readonly<Record<FindingCode, FindingKind>> = kinds;

export const isFindingCode = (code: string): code is FindingCode => Object.hasOwn(kinds, code);

/** Undefined for a code that is not ours: nothing speaks for it. */
export const kindOf = (code: string): FindingKind | undefined =>
  isFindingCode(code) ? findingCatalogue[code] : undefined;

/** What is allowed where an operator says nothing: what healthy machines cannot help. */
export const allowedByDefault: readonly FindingCode[] = (Object.keys(kinds) as FindingCode[]).filter(
  (code) => findingCatalogue[code].allowedByDefault,
);

/**
 * Codes an operator allows, as they stand in a policy.
 * @param where the field
 * @throws AssayError `policy-value` for a code there is not, or one that may not be allowed
 */
export function allowedFindings(codes: readonly string[], where: string): FindingCode[] {
  return codes.map((code) => {
    if (isFindingCode(code) && findingCatalogue[code].allowable !== undefined) return code;
    const allowable = Object.entries(kinds).flatMap(([name, kind]) => ('allowable' in kind ? [name] : []));
    const got = isFindingCode(code) ? `${code}, which nothing can be proven with` : code;
    throw new AssayError('policy-value', where, `codes of findings that may be allowed: ${allowable.join(', ')}`, got);
  });
}
