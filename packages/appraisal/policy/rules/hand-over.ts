// Does the firmware say when it hands the machine over: to the first application (PCR 4), and for good (ExitBootServices, PCR 5)?
// Order counts within one PCR only; whoever writes the log can swap events of two.
import { type BootEvent, exitBootServices, isVouchedFor } from '@assay/measurement';
import { finding } from '../../findings/finding.ts';
import { eventName, isQuoted, type LogFacts, type Rule } from '../rule.ts';

const callText = 'Calling EFI Application from Boot Option';
const exitText = /^Exit Boot Services /;

const textOf = (event: BootEvent) => (event.kind === 'action' ? event.content?.text : undefined);

/** PC Client PFP, §8.2.4: the firmware notes in PCR 4 that it is about to start a boot option. */
export const bootCall: Rule = {
  name: 'boot-call',
  find(facts) {
    if (!isQuoted(facts, 4)) return [];
    const own = facts.log.events.filter(({ pcr }) => pcr === 4);
    const applications = own.filter(({ type }) => type === 'EV_EFI_BOOT_SERVICES_APPLICATION');
    const [first] = applications;
    if (!first) return [];
    const call = own.find((event) => textOf(event) === callText && isVouchedFor(event, facts.banks));
    const place = { event: first.index, pcr: 4, component: 'firmware' } as const;
    const expected = `“${callText}” before the first application`;
    if (!call) return [finding('boot-call-missing', eventName(first), expected, 'none', place)];
    if (call.index < first.index) return [];
    const code = applications.length === 1 ? 'boot-direct-kernel' : 'boot-call-late';
    return [finding(code, eventName(first), expected, `it as event ${call.index}`, place)];
  },
};

export const bootExit: Rule = {
  name: 'boot-exit',
  find(facts) {
    if (!isQuoted(facts, 5)) return [];
    const exit = exitBootServices(facts.log.events, facts.banks);
    const place = { pcr: 5, component: 'firmware' } as const;
    if (!exit)
      return [
        finding('boot-exit-missing', 'PCR 5', '“Exit Boot Services Invocation”', 'a log that ends before', place),
      ];
    return afterExit(facts, exit)
      .slice(0, 1)
      .map((event) =>
        finding('boot-exit-after', eventName(event), 'nothing after boot services ended', event.description, {
          ...place,
          event: event.index,
        }),
      );
  },
};

const afterExit = ({ log, banks }: LogFacts, exit: BootEvent) =>
  log.events.filter(
    (event) =>
      event.pcr === 5 &&
      event.index > exit.index &&
      event.kind !== 'no-action' &&
      !(exitText.test(textOf(event) ?? '') && isVouchedFor(event, banks)),
  );
