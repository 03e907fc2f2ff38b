// What do policies ask, for a person? Lists in a line each; one as the YAML that can be applied again.
import { AssayError, escaped } from '@assay/core';
import { componentName, type Labels, type PolicyDocument, type PolicyVersion } from '@assay/protocol';
import { table } from './table.ts';
import { minute } from './value-names.ts';

export const policyTable = (policies: readonly PolicyVersion[]): string =>
  policies.length === 0
    ? 'none, so no host is trusted: assay policy apply FILE'
    : table(
        ['pool', 'version', 'hosts with', 'has to be known good', 'asks for', 'applied', 'by'],
        policies.map(({ pool, version, document, applied_at, by }) => [
          pool,
          version,
          labelsOf(document),
          document?.known_good?.map(componentName).join(', ') || 'nothing: nobody is trusted',
          asksFor(document),
          minute(applied_at),
          escaped(by),
        ]),
      );

export const policyHistory = (versions: readonly PolicyVersion[]): string =>
  table(
    ['version', 'applied', 'by', 'because', 'changed'],
    versions.map(({ version, document, applied_at, by, because }, at) => [
      version,
      minute(applied_at),
      escaped(by),
      because === undefined ? '-' : escaped(because),
      changedIn(versions[at + 1]?.document ?? null, document),
    ]),
  );

/** The version that is meant: the last one unless told. @throws AssayError `policy-not-found` */
export function versionOf(versions: readonly PolicyVersion[], pool: string, wanted?: number): PolicyVersion {
  const found = wanted === undefined ? versions[0] : versions.find(({ version }) => version === wanted);
  if (found?.document) return found;
  const where = `policy ${pool}${wanted === undefined ? '' : `, version ${wanted}`}`;
  throw new AssayError('policy-not-found', where, 'a policy', found ? 'one that was removed' : 'none', {
    hint: versions.length > 0 ? `assay policy history ${pool} lists its versions` : 'assay policy list',
  });
}

/** As it can be applied again. */
export async function policyYaml({ pool, version, document, applied_at, by, because }: PolicyVersion): Promise<string> {
  const { stringify } = await import('yaml');
  const about = `policy ${pool}, version ${version}, applied ${applied_at} by ${by}${because ? `: ${because}` : ''}`;
  return `# ${escaped(about)}\n${stringify(document, { lineWidth: 0 }).trimEnd()}`;
}

/**
 * @param before the version in force, if one is
 * @param hosts labels of each: a policy for labels that nobody has changes nothing, and tries nothing
 */
export function planText(
  document: PolicyDocument,
  before: number | undefined,
  hosts: Labels[],
  isTried: boolean,
): string {
  const { pool, labels: wanted = {} } = document;
  const verb = isTried ? 'would' : 'will';
  const plan = before
    ? `${verb} replace version ${before} of the policy of pool ${pool}`
    : `pool ${pool} has no policy; this ${verb} be in force`;
  const asked = Object.entries(wanted);
  const isIn = (labels: Labels) => asked.every(([name, value]) => labels[name] === value);
  if (asked.length === 0 || hosts.some(isIn)) return plan;
  const all = asked.map(([name, value]) => escaped(`${name}=${value}`));
  return `${plan}\nno host has ${all.join(' and ')}, so it is tried on none: assay host label NAME ${all.join(' ')}`;
}

/** @param before what was in force; undefined: nothing was */
export function appliedText(pool: string, version: number | undefined, before: number | undefined): string {
  const is = `pool ${pool} has version ${version ?? 'none'} of its policy`;
  if (version === before) return `${is}, as before: this document is in force already`;
  const back = before ? `show ${pool} --version ${before} | assay policy apply -` : `remove ${pool}`;
  return `${is}; to go back: assay policy ${back}`;
}

const labelsOf = (document: PolicyDocument | null): string =>
  Object.entries(document?.labels ?? {})
    .map(([name, value]) => escaped(`${name}=${value}`))
    .join(', ') || 'any labels';

/** Sections that say what a host has to prove beside being known good. */
const asksFor = (document: PolicyDocument | null): string =>
  (['secure_boot', 'command_line', 'ima', 'tags', 'tpm', 'evidence'] as const)
    .filter((section) => document?.[section] !== undefined)
    .map((section) => section.replaceAll('_', ' '))
    .join(', ') || '-';

/** Names of the fields that are another thing, or there, or gone. */
function changedIn(before: PolicyDocument | null, after: PolicyDocument | null): string {
  if (after === null) return 'removed';
  if (before === null) return 'new';
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof PolicyDocument)[];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return changed.map((name) => escaped(name)).join(', ') || 'nothing';
}
