// Does the list belong to the boot that was quoted? Its first entry, boot_aggregate, is a hash over the boot PCRs as the kernel found them.
// That it is there, first and once is a matter of the entries; here its value is compared with the PCRs the quote proves.
import { checkBootAggregate, type ImaReplay, imaPcr } from '@assay/measurement';
import type { Finding } from '@assay/protocol';
import type { PcrBanks } from '@assay/tpm/structures';
import { finding } from '../findings/finding.ts';

/** Nothing for a part of the list without entry 0: an earlier round looked at it. */
export function bootAggregateFindings({ first }: Pick<ImaReplay, 'first'>, proven: PcrBanks): Finding[] {
  const place = { pcr: imaPcr, component: 'operating_system', entry: 0 } as const;
  const where = 'IMA entry 0 (boot_aggregate)';
  const check = checkBootAggregate(first, proven);
  switch (check.result) {
    case 'equal':
    case 'absent': // the entry's own finding; or there is no entry 0
      return [];
    case 'differs': {
      const expected = `${check.bank} ${check.expected.toHex()}, over the quoted PCRs`;
      return [finding('ima-boot-aggregate', where, expected, check.got.toHex(), place)];
    }
    case 'no-tpm':
      return [finding('ima-boot-aggregate', where, 'a hash over the boot PCRs', 'zeros: no TPM was found', place)];
    case 'no-bank': {
      const expected = `a hash over a bank that is quoted (${Object.keys(proven).join(', ')})`;
      return [
        finding('ima-boot-aggregate-unproven', where, expected, `${check.algorithm} ${check.got.toHex()}`, place),
      ];
    }
  }
}
