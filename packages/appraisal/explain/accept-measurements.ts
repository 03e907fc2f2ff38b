// Measurements of the boot log, or values of PCRs, that are to be known good: single ones where they stand in the place of known ones, else all
// of the component, in order.
import { AssayError } from '@assay/core';
import type { Bank, NewReferenceValue, ReferenceContent, ReferenceValue } from '@assay/protocol';
import { compare } from '../reference/compare.ts';
import { componentPcrs, isCovered } from '../reference/coverage.ts';
import type { Extra } from '../reference/extras.ts';
import { partsOf } from '../reference/good-by.ts';
import { KnownGood } from '../reference/known-good.ts';
import type { QuotedEvent } from '../reference/learn.ts';
import { isSame } from '../reference/sequence.ts';
import { standingOf, valueName } from '../reference/standing.ts';
import { banksOf, type Facts } from '../reference/support.ts';
import { type Deviation, deviationsOf } from './deviations.ts';

export type Content = Pick<NewReferenceValue, 'component' | 'content'>;

/** What a word of an operator means. */
const claimsMeant: ReadonlyMap<string, readonly string[]> = new Map([
  ['kernel', ['kernel image', 'kernel file']],
  ['initrd', ['initrd', 'initrd file']],
  ['command line', ['kernel command line', 'command that starts the kernel', 'hypervisor command line']],
]);

/** @throws AssayError `accept-retired`, `accept-early`; `accept-value` for all of a component that the quote does not cover */
export function acceptedComponent(host: string, component: string, facts: Facts): Content[] {
  const { deviations, base, same } = deviationsOf(component, facts);
  refuseKnown(host, component, deviations, facts);
  const single = deviations.flatMap(({ seen }) => (seen ? [seen] : []));
  const isNew = base === undefined && same.length === 0;
  if (!isNew && single.length > 0 && single.length === deviations.length) {
    const value = { component, content: measurements(single) };
    if (isGoodWith(value, facts)) return [value];
  }
  if (!isCovered(component, facts.quoted))
    throw new AssayError(
      'accept-value',
      `host ${host}`,
      `a quote over PCR ${componentPcrs[component]?.join(', ')}, in each bank`,
      facts.quoted.map(({ hash, pcrs }) => `${hash} ${pcrs.join(', ')}`).join('; ') || 'none',
      { hint: 'all of a component is known from a quote over all its PCRs: see evidence.pcrs of the policy' },
    );
  const events = partsOf(facts.events, component).map(({ reference }) => reference);
  return [{ component, content: { form: 'sequence', events } }];
}

/**
 * Of some components the events with one claim alone, where each stands in the place of a known one.
 * @returns none: nothing of that name differs
 * @throws AssayError `accept-value`, `accept-retired`, `accept-early`
 */
export function acceptedClaims(host: string, wish: string, among: readonly string[], facts: Facts): Content[] {
  const name = wish.trim();
  const claims = claimsMeant.get(name.toLowerCase()) ?? [name];
  return among.flatMap((component) => {
    const { deviations, base } = deviationsOf(component, facts);
    const meant = deviations.filter(({ claim }) => claims.includes(claim));
    if (meant.length === 0) return [];
    refuseKnown(host, component, meant, facts);
    const single = meant.flatMap(({ seen }) => (seen ? [seen] : []));
    if (single.length < meant.length || (base && meant.some(({ expected }) => !expected)))
      throw new AssayError(
        'accept-value',
        `host ${host}`,
        `a ${name} in the place of a known one`,
        'one more or less',
        {
          hint: `no single measurement makes that good; take the whole component: --component ${component}`,
        },
      );
    return [{ component, content: measurements(single) }];
  });
}

/** The values of an extra's PCRs, which the quote proves. */
export function acceptedPcrs(host: string, { name, pcrs }: Extra, facts: Facts): Content[] {
  const values = facts.quoted.flatMap(({ hash, pcrs: quoted }) =>
    pcrs.flatMap((pcr) => {
      const value = quoted.includes(pcr) ? facts.pcrValues[hash as Bank]?.get(pcr) : undefined;
      return value ? [{ bank: hash as Bank, pcr, value: value.toHex() }] : [];
    }),
  );
  const same = facts.knownGood
    .pcrValues(name)
    .find(
      (known) =>
        standingOf(known.value, facts.now) !== 'good' &&
        values.every((one) =>
          known.values.some((old) => old.pcr === one.pcr && old.bank === one.bank && old.value === one.value),
        ),
    );
  if (same) throw refusal(host, same.value, facts.now);
  return values.length < pcrs.length ? [] : [{ component: name, content: { form: 'pcr-values', values } }];
}

/** @throws AssayError `accept-retired`, `accept-early` */
function refuseKnown(host: string, component: string, meant: readonly Deviation[], facts: Facts): void {
  const seen = partsOf(facts.events, component);
  const whole = facts.knownGood
    .sequences(component, facts.quoted)
    .find(({ value, events }) => standingOf(value, facts.now) !== 'good' && isSame(events, seen, banksOf(facts)));
  const value = whole?.value ?? meant.find(({ known }) => known)?.known?.value;
  if (value) throw refusal(host, value, facts.now);
}

function refusal(host: string, value: ReferenceValue, now: Date): AssayError {
  const name = valueName(value);
  return standingOf(value, now) === 'early'
    ? new AssayError('accept-early', `host ${host}`, 'something never known', `${name}, good from ${value.from}`, {
        hint: `if it is good already: assay reference promote ${value.id}`,
      })
    : new AssayError('accept-retired', `host ${host}`, 'something never known', `${name}, which was retired`, {
        hint: `if it is good again: assay reference reinstate ${value.id}`,
      });
}

/** Whether the component is good when this is known: what compares decides, not what explains. */
function isGoodWith({ component, content }: Content, facts: Facts): boolean {
  const { knownGood, now } = facts;
  const trial: ReferenceValue = {
    component,
    content,
    id: 'trial',
    state: 'current',
    source: { kind: 'accepted', name: '' },
    by: '',
    added_at: now.toISOString(),
  };
  return compare(component, { ...facts, knownGood: new KnownGood([...knownGood.values, trial]) }).known;
}

const longestDescription = 1000;

function measurements(parts: readonly QuotedEvent[]): ReferenceContent {
  const distinct = parts.map((part) => {
    const { claim, digests } = part;
    const description = part.reference.description.slice(0, longestDescription);
    return [JSON.stringify([claim, digests]), { claim, digests, description }] as const;
  });
  return { form: 'measurements', measurements: [...new Map(distinct).values()] };
}
