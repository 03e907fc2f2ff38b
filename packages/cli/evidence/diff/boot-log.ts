// What changed between two boots, as their logs tell? Every measurement is compared by its digest, so that none escapes; the words are
// those of the log. The order of measurements does not count, nor does what is never extended.
import { AssayError } from '@assay/core';
import { type BootEvent, type Claims, claimsOf, componentsOf, type EventLog, replay } from '@assay/measurement';
import type { HashName } from '@assay/tpm/structures';
import { type Change, counted, missing } from './change.ts';
import { type Slot, slotsOf } from './slot.ts';
import { wordChanges } from './words.ts';

export type LogDiff = {
  /** In which the measurements were compared. */
  bank: HashName;
  changes: Change[];
  /** PCRs the two logs lead to different values of. */
  pcrs: number[];
};

/** @throws AssayError `evidence-incomparable` when the logs have no bank in common */
export function diffLogs(old: EventLog, now: EventLog): LogDiff {
  const [oldBanks, newBanks] = [usableBanks(old), usableBanks(now)];
  const bank = commonBank(oldBanks, newBanks);
  if (!bank)
    throw new AssayError(
      'evidence-incomparable',
      'boot logs',
      'a bank in which both have all digests',
      `${banksText(oldBanks)} in the old one, ${banksText(newBanks)} in the new one`,
    );
  const [before, after] = [sideOf(old, bank), sideOf(now, bank)];
  const keys = [...new Set([...before.slots.keys(), ...after.slots.keys()])];
  const changes = keys.flatMap((key) => slotChange(key, before, after, bank));
  return { bank, changes: [...localityChange(old, now), ...changes], pcrs: differingPcrs(old, now, bank) };
}

type Side = { claims: Claims; slots: ReadonlyMap<string, Slot> };

const sideOf = (log: EventLog, bank: HashName): Side => ({
  claims: claimsOf(log, [bank]),
  slots: slotsOf(componentsOf(log.events)),
});

const banksText = (banks: readonly HashName[]) => banks.join(' and ') || 'none';

function usableBanks(log: EventLog): HashName[] {
  const extended = log.events.filter(({ kind }) => kind !== 'no-action');
  return log.algorithms.flatMap(({ name }) => (name && extended.every(({ digests }) => digests[name]) ? [name] : []));
}

/** Of the banks both have, the one to compare in. */
const commonBank = (a: readonly HashName[], b: readonly HashName[]): HashName | undefined =>
  (['sha256', 'sha384', 'sha512', 'sha3_256', 'sha3_384', 'sha3_512', 'sm3_256', 'sha1'] as const).find(
    (bank) => a.includes(bank) && b.includes(bank),
  );

function localityChange(old: EventLog, now: EventLog): Change[] {
  if (old.startupLocality === now.startupLocality) return [];
  const text = `TPM started from locality ${old.startupLocality} → ${now.startupLocality}`;
  return [{ component: 'firmware', what: 'startup locality', change: 'changed', text, details: [], old: [], new: [] }];
}

function differingPcrs(old: EventLog, now: EventLog, bank: HashName): number[] {
  const [before, after] = [old, now].map((log) => replay(log.events, bank, log.startupLocality));
  const all = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
  return [...all]
    .filter((pcr) => (before?.get(pcr)?.toHex() ?? '') !== (after?.get(pcr)?.toHex() ?? ''))
    .sort((a, b) => a - b);
}

function slotChange(key: string, before: Side, after: Side, bank: HashName): Change[] {
  const [was, is] = [before.slots.get(key), after.slots.get(key)];
  const slot = (is ?? was) as Slot;
  const digest = (event: BootEvent) => event.digests[bank]?.toHex() ?? '';
  const gone = missing(was?.events ?? [], is?.events ?? [], digest);
  const come = missing(is?.events ?? [], was?.events ?? [], digest);
  if (gone.length + come.length === 0) return [];
  const change = gone.length === 0 ? 'added' : come.length === 0 ? 'removed' : 'changed';
  const { text, details } = wordsFor(slot, { gone, come, before: before.claims, after: after.claims, bank });
  const numbers = (events: readonly BootEvent[]) => events.map(({ index }) => index);
  return [
    { component: slot.component, what: slot.name, change, text, details, old: numbers(gone), new: numbers(come) },
  ];
}

type Difference = { gone: BootEvent[]; come: BootEvent[]; before: Claims; after: Claims; bank: HashName };
type Words = { text: string; details: string[] };

function wordsFor(slot: Slot, difference: Difference): Words {
  const { gone, come, before, after } = difference;
  const say = (text: string, details: string[] = []): Words => ({ text: `${slot.name}: ${text}`, details });
  if (slot.kind === 'secure-boot' && before.secureBoot && after.secureBoot)
    return { text: `secure boot: ${before.secureBoot.value} → ${after.secureBoot.value}`, details: [] };
  if (slot.kind === 'version')
    return say(`${quoted(before.firmwareVersion?.value)} → ${quoted(after.firmwareVersion?.value)}`);
  if (slot.kind === 'keys') {
    const changes = keyChanges(before.secureBootKeys[slot.key], after.secureBootKeys[slot.key]);
    if (changes.length > 0)
      return changes.length === 1 ? say(changes[0] as string) : say(`${counted(changes.length, 'change')}`, changes);
  }
  if (slot.kind === 'command-line' && before.commandLine && after.commandLine) {
    const changes = wordChanges(before.commandLine.value, after.commandLine.value);
    if (changes.length > 0) return say(changes.join('; '));
  }
  const [was, is] = [unlike(gone, difference.bank), unlike(come, difference.bank)];
  if (was.length <= 1 && is.length <= 1 && slot.kind !== 'blob')
    return say(oneForOne(slot, was[0], is[0], difference.bank));
  return listed(slot, difference);
}

const quoted = (text: string | undefined) => (text ? `“${text}”` : 'none');

/** One line a certificate; hashes by number. */
function keyChanges(
  was: Claims['secureBootKeys'][string] | undefined,
  is: Claims['secureBootKeys'][string] | undefined,
): string[] {
  if (!was || !is) return [];
  const print = ({ type, fingerprint }: { type: string; fingerprint: string }) => `${type} ${fingerprint}`;
  const said = (verb: string, entries: typeof was.value) => {
    const certificates = entries.filter(({ type }) => type === 'x509');
    const others = entries.length - certificates.length;
    return [
      ...certificates.map(({ name }) => `certificate ${name} ${verb}`),
      ...(others ? [`${others === 1 ? '1 hash' : `${others} hashes`} ${verb}`] : []),
    ];
  };
  return [
    ...said('added', missing(is.value, was.value, print)),
    ...said('removed', missing(was.value, is.value, print)),
  ];
}

/** One of each digest: GRUB has a kernel measured twice. */
const unlike = (events: readonly BootEvent[], bank: HashName): BootEvent[] =>
  [...Map.groupBy(events, (event) => event.digests[bank]?.toHex() ?? '').values()].flatMap(([first]) =>
    first ? [first] : [],
  );

function oneForOne(slot: Slot, was: BootEvent | undefined, is: BootEvent | undefined, bank: HashName): string {
  if (!was || !is) return is ? `new: ${textOf(slot, is)}` : `gone: ${was ? textOf(slot, was) : ''}`;
  const [before, after] = [textOf(slot, was), textOf(slot, is)];
  const digest = (event: BootEvent) => event.digests[bank]?.toHex() ?? '';
  const digests = `other digest, ${bank} ${digest(was)} → ${digest(is)}`;
  if (before === after) return `${digests} (${before})`;
  return slot.kind === 'image' ? `${digests} (${before} → ${after})` : `${before} → ${after}`;
}

/** Without the name of a variable, which stands before it already. */
const textOf = ({ key }: Slot, { description }: BootEvent) =>
  [`variable ${key}: `, `variable ${key}, `].reduce(
    (text, head) => (key && text.startsWith(head) ? text.slice(head.length) : text),
    description,
  );

/** How many came, went and changed; what has the same words before and after has changed. */
function listed({ name }: Slot, { gone, come, bank }: Difference): Words {
  const describe = ({ description }: BootEvent) => description;
  const new_ = missing(come, gone, describe);
  const lost = missing(gone, come, describe);
  const changed = come.length - new_.length;
  const counts = [
    changed ? `${changed} changed` : '',
    new_.length ? `${new_.length} new` : '',
    lost.length ? `${lost.length} gone` : '',
  ];
  const same = missing(come, new_, ({ index }) => `${index}`);
  const digest = (event: BootEvent) => event.digests[bank]?.toHex() ?? '';
  const left = missing(gone, lost, ({ index }) => `${index}`);
  const before = (event: BootEvent) => {
    const at = left.findIndex((one) => one.description === event.description);
    return at < 0 ? '' : `${left.splice(at, 1).map(digest)} → `;
  };
  const details = [
    ...same.map((one) => `changed: ${one.description}, ${bank} ${before(one)}${digest(one)}`),
    ...new_.map((one) => `new: ${one.description}, ${bank} ${digest(one)}`),
    ...lost.map((one) => `gone: ${one.description}, ${bank} ${digest(one)}`),
  ];
  return { text: `${name}: ${counts.filter(Boolean).join(', ')}`, details };
}
