// Is the log whole, and one that could come from a boot? Nothing left over, nothing in PCRs that no TPM has.
import { finding } from '../../findings/finding.ts';
import type { Rule } from '../rule.ts';

export const wholeLog: Rule = {
  name: 'whole-log',
  find({ log }) {
    if (log.events.length === 0 && !log.broken)
      return [
        finding('log-empty', 'boot log', 'events', 'none (a kernel started past its EFI stub leaves an empty log)'),
      ];
    const broken = log.broken
      ? [finding('log-broken', `boot log at byte ${log.broken.offset}`, 'a whole event', log.broken.message)]
      : [];
    const strays = log.events
      .filter(({ pcr, kind }) => pcr > 23 && kind !== 'no-action')
      .map(({ index, pcr }) =>
        finding('log-pcr-index', `event ${index}`, 'a PCR from 0 to 23', `${pcr}`, { event: index }),
      );
    return [...broken, ...strays.slice(0, 1)];
  },
};
