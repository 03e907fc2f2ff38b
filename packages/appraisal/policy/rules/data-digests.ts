// Does the data of each event that is what it measures hash to its digest? If not, the log tells a story nobody measured.
// Data that cannot be read is no exception: else a claim could be made to vanish by spoiling what it is read from.
import { hash } from 'node:crypto';
import { type BootEvent, componentsOf, dataVouchedFor } from '@assay/measurement';
import type { Bank } from '@assay/protocol';
import { nodeHash } from '@assay/tpm/structures';
import { finding } from '../../findings/finding.ts';
import { eventName, isQuoted, mostOfOneRule, type Rule } from '../rule.ts';

export const dataDigests: Rule = {
  name: 'data-digests',
  find: (facts) =>
    componentsOf(facts.log.events)
      .filter(({ event }) => isQuoted(facts, event.pcr))
      .filter(({ event }) => facts.banks.some((bank) => event.digests[bank] && isLie(event, bank)))
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

/** Whose digest is that of their data, whatever it says. */
const measuredWhole: readonly BootEvent['kind'][] = ['action', 'separator', 'variable', 'version'];

function isLie(event: BootEvent, bank: Bank): boolean {
  if (event.content !== undefined || !measuredWhole.includes(event.kind)) return dataVouchedFor(event, bank) === false;
  return hash(nodeHash(bank), event.data, 'hex') !== (event.digests[bank]?.toHex() ?? '');
}
