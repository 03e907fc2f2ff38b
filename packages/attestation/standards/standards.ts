// What are hosts held to now? Policies, what is known good, and a number for both of them together. Read from the database once per change, not once
// per round.
import { KnownGood, type Policy, policyFrom } from '@assay/appraisal';
import { defaultPool, type Labels } from '@assay/protocol';
import { policiesInForce } from '../storage/policies.ts';
import { readReferenceValues } from '../storage/reference-values.ts';
import type { Db } from '../storage/schema.ts';
import { isChanging, versionOf } from '../storage/versions.ts';

export type Standards = {
  readonly knownGood: KnownGood;
  /** In force, by pool. */
  readonly policies: ReadonlyMap<string, Policy>;
  /** Counts changes. */
  readonly revision: number;
};

/** @param present the revision, where it was read in this transaction already */
export type ReadStandards = (db: Db, present?: number) => Promise<Standards>;

/**
 * Asked inside the transaction that stores a verdict, it gives the standards that verdict stands on.
 * @param lifetimeS of verdicts, where a policy has no `max_age`
 */
export function standardsReader(lifetimeS: number): ReadStandards {
  let known: Standards | undefined;
  return async (db, present) => {
    const revision = present ?? (await versionOf(db, 'standards'));
    if (known?.revision === revision) return known;
    const policies = (await policiesInForce(db)).flatMap(({ pool, version, document }) =>
      document ? [[pool, policyFrom(document, { version, lifetimeS })] as const] : [],
    );
    const read = {
      knownGood: new KnownGood(await readReferenceValues(db), revision),
      policies: new Map(policies),
      revision,
    };
    if (!isChanging(db)) known = read;
    return read;
  };
}

/** A pool a host is in, with its policy; none: nobody wrote one. */
export type Membership = { pool: string; policy: Policy | undefined };

/** The pools of a host with these labels, never none: without a policy for it, it is in the default pool, to be told so. */
export function membershipsOf({ policies }: Pick<Standards, 'policies'>, labels: Labels): Membership[] {
  const found = [...policies.values()].filter(({ document }) => selects(document.labels ?? {}, labels));
  const memberships: Membership[] = found.map((policy) => ({ pool: policy.pool, policy }));
  const nobodys = memberships.length === 0 || !policies.has(defaultPool);
  return nobodys ? [{ pool: defaultPool, policy: undefined }, ...memberships] : memberships;
}

/** Why nobody can be in this pool: no policy names it. Undefined: there is one, and the default pool always is. */
export const noSuchPool = ({ policies }: Pick<Standards, 'policies'>, pool: string): string | undefined =>
  pool === defaultPool || policies.has(pool) ? undefined : `there is no pool ${pool}: no policy names it`;

const selects = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);
