// Does the data of each event that is what it measures hash to its digest? If not, the log tells a story nobody measured.
import { componentsOf, dataVouchedFor } from '@assay/measurement';
import { finding } from '../../findings.ts';
import { banksOf, isQuoted, type Rule } from '../rule.ts';

export const dataDigests: Rule = {
  name: 'data-digests',
  find(facts) {
    const banks = banksOf(facts);
    return componentsOf(facts.log.events)
      .filter(({ event }) => isQuoted(facts, event.pcr))
      .filter(({ event }) => banks.some((bank) => event.digests[bank] && dataVouchedFor(event, bank) === false))
      .map(({ component, event: { index, pcr, type, description } }) => {
        const [where, place] = [`event ${index} (PCR ${pcr}, ${type})`, { event: index, pcr, component }];
        return finding('log-data-mismatch', where, 'data that hashes to its digest', description, place);
      });
  },
};
