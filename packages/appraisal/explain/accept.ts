// What has to be known good for exactly what this host measured to be so, and nothing else? Never from evidence that does not hold, and
// never something that was known and is not good now: that was somebody's decision, to be taken back by name.
import { AssayError, escaped } from '@assay/core';
import { componentName, components, type NewReferenceValue } from '@assay/protocol';
import { type JudgementInput, judge } from '../appraise.ts';
import { factsOf } from '../component-results.ts';
import { compare } from '../reference/compare.ts';
import { compareExtra, extrasOf } from '../reference/extras.ts';
import type { Facts } from '../reference/support.ts';
import { acceptedFiles } from './accept-files.ts';
import { acceptedClaims, acceptedComponent, acceptedPcrs } from './accept-measurements.ts';
import { deviationsOf } from './deviations.ts';

export type AcceptWish = {
  /** A component, or an extra of the policy; a claim, `kernel image`; or `kernel`, however it was measured. */
  component: string;
  /** Only this file of IMA's list. */
  path?: string | undefined;
};

/**
 * @param input as the host is judged by now
 * @returns at least one
 * @throws AssayError `accept-not-verified`, `accept-not-found` (nothing of that name differs), `accept-retired`, `accept-early`,
 * `accept-value` (it cannot be taken alone)
 */
export function acceptable(input: JudgementInput, { component: wish, path }: AcceptWish): NewReferenceValue[] {
  const { verification, host, policy } = input;
  const { verdict, measured, files } = judge(input);
  if (!verification.authentic || !measured || !policy)
    throw new AssayError('accept-not-verified', `host ${host}`, 'evidence that verifies', verdict.reason, {
      hint: 'nothing was accepted',
    });
  const source = { kind: 'accepted' as const, name: host, sha256: verification.sha256 };
  const facts = factsOf(verification, { ...input, policy });
  const open = components.filter((one) => !compare(one, facts).known);
  const extras = extrasOf(policy).filter((extra) => !compareExtra(extra, facts).known);
  const name = componentNamed(wish) ?? wish.trim();
  const extra = extras.find((one) => one.name === name);
  const contents =
    path !== undefined
      ? acceptedFiles(host, files, path)
      : extra
        ? acceptedPcrs(host, extra, facts)
        : componentNamed(wish) === undefined
          ? acceptedClaims(host, wish, open, facts)
          : [
              ...(open.some((one) => one === name) ? acceptedComponent(host, name, facts) : []),
              ...(name === 'operating_system' && files && files.bad.length > 0 ? acceptedFiles(host, files) : []),
            ];
  if (contents.length === 0) {
    const differing = open.map((one) => withClaims(one, facts));
    const bad = files && files.bad.length > 0 ? ['files (--path FILE)'] : [];
    throw notFound(host, path ?? wish, [...differing, ...extras.map((one) => componentName(one.name)), ...bad]);
  }
  return contents.map((one) => ({ ...one, source }));
}

/** `Boot loader` → `boot_loader`; undefined for what is none of the four. */
function componentNamed(text: string): string | undefined {
  const name = text.trim().toLowerCase().replaceAll(/[ -]+/g, '_');
  return components.find((one) => one === name);
}

const mostClaims = 5;

/** `hypervisor (kernel command line)`: any of these names may be asked for. */
function withClaims(component: string, facts: Facts): string {
  const claims = [...new Set(deviationsOf(component, facts).deviations.map(({ claim }) => claim))];
  if (claims.length === 0) return componentName(component);
  const more = claims.length - mostClaims;
  const named = claims.slice(0, mostClaims).map(escaped).join(', ');
  return `${componentName(component)} (${named}${more > 0 ? ` and ${more} more` : ''})`;
}

const notFound = (host: string, wish: string, open: readonly string[]): AssayError =>
  new AssayError('accept-not-found', `host ${host}`, 'something that differs from what is known good', wish, {
    hint: open.length > 0 ? `what differs: ${open.join('; ')}; any of these names may be given` : 'nothing differs',
  });
