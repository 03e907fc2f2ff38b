// Does the data of each event that is what it measures hash to its digest? If not, the log tells a story nobody measured.
import { componentsOf, dataVouchedFor } from '@assay/measurement';
import { finding } from '../../findings.ts';
import { eventName, isQuoted, mostOfOneRule, type Rule } from '../rule.ts';

export const dataDigests: Rule = {
  name: 'data-digests',
  find: (facts) =>
    componentsOf(facts.log.events)
      .filter(({ event }) => isQuoted(facts, event.pcr))
      .filter(({ event }) => facts.banks.some((bank) => event.digests[bank] && dataVouchedFor(event, bank) === false))
      .slice(0, mostOfOneRule)
      .map(({ component, event }) => {
        const place = { event: event.index, pcr: event.pcr, component };
        return finding(
          'log-data-mismatch',
          eventName(event),
          'data that hashes to its digest',
          event.description,
          place,
        );
      }),
};
