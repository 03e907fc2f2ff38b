// Does anything come behind the separator of PCR 0–7 that belongs before it, and is every event of a type that has a name? Firmware ends
// its measurements there; what follows is the boot loader's, and whoever has the machine then can extend the same.
import { type BootEvent, linuxTags } from '@assay/measurement';
import { finding } from '../../findings/finding.ts';
import { eventName, isQuoted, mostOfOneRule, type Rule } from '../rule.ts';

const actions = ['EV_ACTION', 'EV_EFI_ACTION'];

/** What healthy machines measure after the separator, by PCR (PC Client PFP, §8.2.4, and the logs of the corpus). */
const expectedAfter: Readonly<Record<number, readonly string[]>> = {
  1: ['EV_EFI_VARIABLE_BOOT', 'EV_EFI_VARIABLE_BOOT2'],
  4: ['EV_EFI_BOOT_SERVICES_APPLICATION', 'EV_OMIT_BOOT_DEVICE_EVENTS', ...actions],
  5: ['EV_EFI_GPT_EVENT', 'EV_EFI_GPT_EVENT2', ...actions],
  7: ['EV_EFI_VARIABLE_AUTHORITY'],
};

/** What systemd-boot and systemd-stub measure beside the firmware, by PCR (systemd, TPM2_PCR_MEASUREMENTS). */
const systemdTags: Readonly<Record<number, readonly number[]>> = {
  1: [linuxTags.smbiosSystem, linuxTags.smbiosBoard, linuxTags.smbiosStrings],
  5: [linuxTags.loaderConf],
};
const isSystemds = ({ kind, content, pcr }: BootEvent) =>
  kind === 'tagged' && content !== undefined && systemdTags[pcr]?.includes(content.tag) === true;

export const afterSeparator: Rule = {
  name: 'after-separator',
  find: (facts) =>
    facts.phases.flatMap(({ after }, pcr) =>
      isQuoted(facts, pcr)
        ? after
            .filter(
              (event) => !expectedAfter[pcr]?.includes(event.type) && !isLateKey(pcr, event.type) && !isSystemds(event),
            )
            .slice(0, mostOfOneRule)
            .map((event) => unexpected(event, expectedAfter[pcr]?.join(', ') ?? 'nothing'))
        : [],
    ),
};

/** The rule on Secure Boot has these. */
const isLateKey = (pcr: number, type: string) => pcr === 7 && type === 'EV_EFI_VARIABLE_DRIVER_CONFIG';

const unexpected = (event: BootEvent, expected: string) =>
  finding('event-after-separator', eventName(event), `${expected} after the separator`, event.description, {
    event: event.index,
    pcr: event.pcr,
    component: 'firmware',
  });

export const knownTypes: Rule = {
  name: 'known-types',
  find: (facts) =>
    facts.phases
      .flatMap(({ before }) => before)
      .filter(({ pcr, type }) => type.startsWith('0x') && isQuoted(facts, pcr))
      .slice(0, mostOfOneRule)
      .map((event) => {
        const place = { event: event.index, pcr: event.pcr, component: 'firmware' } as const;
        return finding('event-type-unknown', eventName(event), 'a type the specification names', event.type, place);
      }),
};
