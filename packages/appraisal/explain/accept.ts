// What has to be known good for exactly what this host measured to be so, and nothing else? Never from evidence that does not hold, and
// never something that was known and is not good now: that was somebody's decision, to be taken back by name.
import { AssayError } from '@assay/core';
import { claimNameOf } from '@assay/measurement';
import {
  type Bank,
  componentName,
  components,
  type NewReferenceValue,
  type ReferenceContent,
  type ReferenceValue,
} from '@assay/protocol';
import { type JudgementInput, judge } from '../appraise.ts';
import { KnownGood } from '../reference/known-good.ts';
import type { QuotedEvent } from '../reference/learn.ts';
import { standingOf, valueName } from '../reference/standing.ts';
import type { Verification } from '../verify-evidence.ts';
import { align } from './align.ts';
import { type Deviation, type DeviationInput, deviationsOf } from './deviations.ts';

export type AcceptWish = {
  /** A component; or a claim, `kernel image`; or `kernel`, however it was measured. */
  component: string;
  /** Only this file of IMA's list. */
  path?: string | undefined;
};

type Verified = Extract<Verification, { authentic: true }>;

/** What a word of an operator means. */
const claimsMeant: Readonly<Record<string, readonly string[]>> = {
  kernel: ['kernel image', 'kernel file'],
  initrd: ['initrd', 'initrd file'],
  'command line': ['kernel command line', 'command that starts the kernel', 'hypervisor command line'],
};

/**
 * @param input as the host is judged by now
 * @throws AssayError `accept-not-verified`, `accept-not-found` (nothing of that name differs), `accept-retired`, `accept-early`,
 * `accept-value` (the claim cannot be taken alone)
 */
export function acceptable(input: JudgementInput, wish: AcceptWish): NewReferenceValue[] {
  const { verification, host } = input;
  const { verdict, measured } = judge(input);
  if (!verification.authentic || !measured)
    throw new AssayError('accept-not-verified', `host ${host}`, 'evidence that verifies', verdict.reason, {
      hint: 'nothing was accepted',
    });
  const open = verdict.components.filter(({ trust }) => trust !== 'trusted').map(({ component }) => component);
  const component = componentNamed(wish.component);
  if (component !== undefined) {
    if (!open.includes(component)) throw notFound(host, wish.component, open);
    return [wholeComponent(input, verification, component)];
  }
  return claimAlone(input, verification, wish.component, open);
}

/** `Boot loader` → `boot_loader`; undefined for what is none of the four. */
function componentNamed(text: string): string | undefined {
  const name = text.trim().toLowerCase().replaceAll(/[ -]+/g, '_');
  return components.find((one) => one === name);
}

/** Single measurements where only events in known places are others; else all of the component, in order. */
function wholeComponent(input: JudgementInput, verification: Verified, component: string): NewReferenceValue {
  const known = deviationInput(input, verification, component);
  const { deviations } = deviationsOf(known);
  refuseKnown(input, component, deviations, known);
  const banks = banksOf(verification);
  const single = deviations.flatMap(({ seen }) => (seen ? [seen] : []));
  if (single.length > 0 && deviations.every(({ seen }) => seen)) {
    const value = accepted(input, verification, component, measurements(single, banks));
    if (isGoodWith(input, component, value)) return value;
  }
  return accepted(input, verification, component, {
    form: 'sequence',
    events: known.seen.map((part) => ({ ...part.reference, digests: proven(part, banks) })),
  });
}

/** Of a component the events with this claim alone, where each stands in the place of a known one. */
function claimAlone(
  input: JudgementInput,
  verification: Verified,
  wish: string,
  open: readonly string[],
): NewReferenceValue[] {
  const name = wish.trim();
  const claims = claimsMeant[name.toLowerCase()] ?? [name];
  const values: NewReferenceValue[] = [];
  for (const component of open) {
    const known = deviationInput(input, verification, component);
    const { deviations, base } = deviationsOf(known);
    const meant = deviations.filter(({ claim }) => claims.includes(claim));
    if (meant.length === 0) continue;
    refuseKnown(input, component, meant, known);
    const single = meant.flatMap(({ seen }) => (seen ? [seen] : []));
    if (single.length < meant.length || (base && meant.some(({ expected }) => !expected)))
      throw new AssayError(
        'accept-value',
        `host ${input.host}`,
        `a ${name} in the place of a known one`,
        'another order',
        {
          hint: `one more or one less is no single measurement; take the whole component: --component ${component}`,
        },
      );
    values.push(accepted(input, verification, component, measurements(single, banksOf(verification))));
  }
  if (values.length === 0) throw notFound(input.host, wish, open);
  return values;
}

const deviationInput = (
  { knownGood, now }: JudgementInput,
  { events, quote }: Verified,
  component: string,
): DeviationInput => ({
  component,
  seen: events.filter((part) => part.component === component),
  knownGood,
  quoted: quote.selection,
  now,
});

/** @throws AssayError `accept-retired`, `accept-early` */
function refuseKnown(
  { host, knownGood, now }: JudgementInput,
  component: string,
  meant: readonly Deviation[],
  { seen, quoted }: DeviationInput,
): void {
  const whole = knownGood.values.find(
    (value) => value.component === component && standingOf(value, now) !== 'good' && isAll(value, seen, quoted),
  );
  const found = whole ? { value: whole, standing: standingOf(whole, now) } : meant.find(({ known }) => known)?.known;
  if (!found) return;
  const { value, standing } = found;
  const name = valueName(value);
  if (standing === 'early')
    throw new AssayError('accept-early', `host ${host}`, 'something never known', `${name}, good from ${value.from}`, {
      hint: `if it is good already: assay reference promote ${value.id}`,
    });
  throw new AssayError('accept-retired', `host ${host}`, 'something never known', `${name}, which was retired`, {
    hint: `if it is good again: assay reference reinstate ${value.id}`,
  });
}

function isAll({ content }: ReferenceValue, seen: readonly QuotedEvent[], quoted: DeviationInput['quoted']): boolean {
  if (content.form !== 'sequence') return false;
  const events = content.events.filter(({ pcr }) => quoted.some(({ pcrs }) => pcrs.includes(pcr)));
  const banks = quoted.map(({ hash }) => hash);
  return events.length === seen.length && align(events, seen, banks).departures.length === 0;
}

/** Whether the component is good when this is known: what compares decides, not what explains. */
function isGoodWith(input: JudgementInput, component: string, value: NewReferenceValue): boolean {
  const { knownGood, now } = input;
  const trial: ReferenceValue = { ...value, id: 'trial', state: 'current', by: '', added_at: now.toISOString() };
  const { verdict } = judge({ ...input, knownGood: new KnownGood([...knownGood.values, trial], knownGood.revision) });
  return verdict.components.some((one) => one.component === component && one.trust === 'trusted');
}

const banksOf = ({ quote }: Verified): Bank[] => quote.selection.map(({ hash }) => hash as Bank);

/** Digests in banks that the quote does not cover are nothing but claimed. */
const proven = (part: QuotedEvent, banks: readonly Bank[]): Record<string, string> =>
  Object.fromEntries(banks.flatMap((bank) => (part.digests[bank] === undefined ? [] : [[bank, part.digests[bank]]])));

function measurements(parts: readonly QuotedEvent[], banks: readonly Bank[]): ReferenceContent {
  const distinct = new Map<string, { claim: string; digests: Record<string, string>; description: string }>();
  for (const part of parts) {
    const [claim, digests] = [claimNameOf(part), proven(part, banks)];
    const description = part.reference.description.slice(0, 1000);
    distinct.set(JSON.stringify([claim, digests]), { claim, digests, description });
  }
  return { form: 'measurements', measurements: [...distinct.values()] };
}

const accepted = (
  { host }: JudgementInput,
  { sha256 }: Verified,
  component: string,
  content: ReferenceContent,
): NewReferenceValue => ({ component, content, source: { kind: 'accepted', name: host, sha256 } });

const notFound = (host: string, wish: string, open: readonly string[]): AssayError =>
  new AssayError(
    'accept-not-found',
    `host ${host}`,
    'a component or claim that differs from what is known good',
    wish,
    { hint: open.length > 0 ? `what differs is in: ${open.map(componentName).join(', ')}` : 'nothing differs' },
  );
