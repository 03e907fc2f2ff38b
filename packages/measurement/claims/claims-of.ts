// Which claims does a log support? Digests are claimed of any event; words only where the digest is the hash of them.
import { escaped } from '@assay/core';
import type { HashName } from '@assay/tpm/structures';
import { type Attribution, componentsOf } from '../components.ts';
import type { BootEvent, EventLog, EventOf } from '../event-log/event.ts';
import { exitBootServices, phasesOf } from '../event-log/order.ts';
import { isVouchedFor } from '../event-log/vouched.ts';
import { devicePathText } from '../uefi/device-path.ts';
import { globalVariable } from '../uefi/variable-meaning.ts';
import type { Claim, ClaimName, Claims, MeasuredThing, Withheld } from './claims.ts';

/**
 * @param banks that the quote covers; none: nothing is claimed
 * @param proven PCRs whose value the quote proves and the log explains; every one unless told
 */
export function claimsOf(
  log: EventLog,
  banks: readonly HashName[],
  proven: (pcr: number) => boolean = () => true,
): Claims {
  const withheld: Withheld[] = [];
  const events = log.events.filter(({ pcr, kind }) => kind !== 'no-action' && banks.length > 0 && proven(pcr));
  const parts = componentsOf(log.events).filter(({ event }) => events.includes(event));
  const ended = exitBootServices(events, banks) !== undefined;
  const things = (claim: ClaimName, roles: readonly string[]): Claim<MeasuredThing>[] =>
    parts
      .filter(({ role }) => roles.includes(role))
      .flatMap((part) => {
        const { event } = part;
        const reason = banks.some((bank) => !event.digests[bank])
          ? 'it has no digest in a bank of the quote'
          : event.pcr === 4 && !ended
            ? 'the firmware did not say that it gave the machine away (ExitBootServices): it may have been added later'
            : undefined;
        if (reason) withheld.push({ claim, reason, events: [event.index] });
        return reason ? [] : [{ value: thingOf(part, banks), events: [event.index] }];
      });
  const text = (claim: ClaimName, roles: readonly string[], read: (event: BootEvent) => string | undefined) => {
    const found = parts.filter(({ role }) => roles.includes(role)).map(({ event }) => event);
    const texts = new Set(found.map((event) => (isVouchedFor(event, banks) ? read(event) : undefined)));
    const [value] = texts;
    if (texts.size === 1 && value !== undefined)
      return { value: escaped(value), events: found.map(({ index }) => index) };
    if (found.length > 0)
      withheld.push({
        claim,
        reason: texts.size > 1 ? 'measured more than once, and differently' : 'no digest vouches for its text',
        events: found.map(({ index }) => index),
      });
    return undefined;
  };
  const firmwareVersion = text('firmwareVersion', ['firmware version'], (event) =>
    event.kind === 'version' ? event.content?.text : undefined,
  );
  const commandLine = text('commandLine', ['kernel command line'], (event) =>
    event.kind === 'ipl' ? event.content?.words : undefined,
  );
  const secureBoot = secureBootOf(events, banks, withheld);
  return {
    ...(firmwareVersion && { firmwareVersion }),
    firmware: things('firmware', ['firmware code', 'driver or option ROM']),
    ...(secureBoot && { secureBoot }),
    secureBootKeys: {},
    authorities: [],
    bootLoader: things('bootLoader', ['boot loader image']),
    kernel: things('kernel', ['kernel image', 'kernel file']),
    initrd: things('initrd', ['initrd', 'initrd file']),
    ...(commandLine && { commandLine }),
    loadOptions: [],
    hypervisor: [],
    operatingSystem: things('operatingSystem', ['part of a unified kernel image']),
    withheld,
  };
}

function thingOf({ event, role }: Attribution, banks: readonly HashName[]): MeasuredThing {
  const digests = banks.map((bank) => [bank, Buffer.from(event.digests[bank] ?? []).toString('hex')]);
  return { pcr: event.pcr, role, digests: Object.fromEntries(digests), name: escaped(nameOf(event)) };
}

function nameOf(event: BootEvent): string {
  if (event.kind === 'image' && event.content) return devicePathText(event.content.devicePath);
  if (event.kind === 'ipl' && event.content) return event.content.text;
  return event.description;
}

function secureBootOf(
  events: readonly BootEvent[],
  banks: readonly HashName[],
  withheld: Withheld[],
): Claim<'on' | 'off'> | undefined {
  const isIt = (event: BootEvent): event is EventOf<'variable'> =>
    event.kind === 'variable' && event.content?.name === 'SecureBoot' && event.content.guid === globalVariable;
  const all = events.filter((event) => event.pcr === 7 && isIt(event));
  const [first, second] = all as EventOf<'variable'>[];
  const hold = (reason: string) => {
    withheld.push({ claim: 'secureBoot', reason, events: all.map(({ index }) => index) });
    return undefined;
  };
  if (!first) return hold('the variable SecureBoot was not measured');
  if (second) return hold('the variable SecureBoot was measured twice');
  if (!phasesOf(events, banks)[7]?.before.includes(first)) return hold('measured after the separator of PCR 7');
  if (!isVouchedFor(first, banks)) return hold('its digest does not vouch for its data');
  const value = first.content?.value;
  if (value?.length !== 1 || (value[0] ?? 2) > 1) return hold('the variable holds neither 0 nor 1');
  return { value: value[0] === 1 ? 'on' : 'off', events: [first.index] };
}
