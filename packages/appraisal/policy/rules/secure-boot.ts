// Does the log say once, and in time, whether Secure Boot was on and with which keys? The firmware acts by what it read before the
// separator of PCR 7; a second or later reading is another story.
import type { BootEvent, EventOf } from '@assay/measurement';
import { globalVariable } from '@assay/measurement';
import { finding } from '../../findings/finding.ts';
import { eventName, isQuoted, type Rule } from '../rule.ts';

/** By GUID and exact name, so that no look-alike counts. */
const isState = (event: BootEvent): event is EventOf<'variable'> =>
  event.pcr === 7 &&
  event.kind === 'variable' &&
  event.content?.guid === globalVariable &&
  event.content.name === 'SecureBoot';

const place = { pcr: 7, component: 'firmware' } as const;

export const secureBoot: Rule = {
  name: 'secure-boot',
  find(facts) {
    if (!isQuoted(facts, 7)) return [];
    const states = facts.log.events.filter(isState);
    const late = facts.phases[7]?.after.filter(({ type }) => type === 'EV_EFI_VARIABLE_DRIVER_CONFIG') ?? [];
    const [first, second] = states;
    if (second)
      return [
        finding('secure-boot-twice', eventName(second), 'the variable SecureBoot once', `${states.length} times`, {
          ...place,
          event: second.index,
        }),
      ];
    const [one] = late;
    if (one)
      return [
        finding('secure-boot-late', eventName(one), 'keys and state before the separator', one.description, {
          ...place,
          event: one.index,
        }),
      ];
    const value = first?.content?.value;
    if (value?.length === 1 && (value[0] === 0 || value[0] === 1)) return [];
    const expected = 'the variable SecureBoot, 0 or 1';
    return [
      first
        ? finding('secure-boot-unknown', eventName(first), expected, first.description, {
            ...place,
            event: first.index,
          })
        : finding('secure-boot-unknown', 'PCR 7', expected, 'none', place),
    ];
  },
};
