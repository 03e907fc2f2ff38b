// Which PCR values does an MLE show? Those of its white list; where nobody wrote one, what other reference values of its name say of PCRs. Of a sequence
// that is the firmware's PCRs into which nobody else measures, but for PCR 0: its value hangs on the locality the TPM was started from, too.
import { componentOfPcr, replay } from '@assay/measurement';
import type { KnownBank, OatManifest, ReferenceEvent, ReferenceValue } from '@assay/protocol';
import { isWhiteList, type PcrEntry } from '../../changes/white-list.ts';

/** @param values of one MLE, none of them retired; of several that tell of a PCR the last added counts */
export function shownPcrs(values: readonly ReferenceValue[]): OatManifest[] {
  const lists = values.filter(isWhiteList);
  const told = new Map<number, PcrEntry>();
  for (const value of lists.length > 0 ? lists.slice(-1) : values)
    for (const entry of strongest(entriesOf(value))) told.set(entry.pcr, entry);
  return [...told.values()]
    .sort((a, b) => a.pcr - b.pcr)
    .map(({ pcr, value }) => ({ Name: String(pcr), Value: value.toUpperCase() }));
}

function entriesOf({ component, content }: ReferenceValue): readonly PcrEntry[] {
  if (content.form === 'pcr-values') return content.values;
  return content.form === 'sequence' && component === 'firmware' ? replayed(content.events) : [];
}

const banks = ['sha1', 'sha384', 'sha256'] as const satisfies KnownBank[];

/** OpenAttestation has room for one digest of a PCR: SHA-256 before the others. */
function strongest(entries: readonly PcrEntry[]): PcrEntry[] {
  const sorted = entries.toSorted((a, b) => banks.indexOf(a.bank) - banks.indexOf(b.bank));
  return [...new Map(sorted.map((entry) => [entry.pcr, entry])).values()];
}

function replayed(events: readonly ReferenceEvent[]): PcrEntry[] {
  const own = events.filter(({ pcr }) => pcr > 0 && componentOfPcr(pcr) === 'firmware');
  return (['sha256', 'sha384'] as const).flatMap((bank) => {
    if (!own.every(({ digests }) => digests[bank])) return [];
    const extending = own.map(({ pcr, digests }, index) => ({
      ...{ index, pcr, kind: 'action' as const },
      digests: { [bank]: Uint8Array.fromHex(digests[bank] ?? '') },
    }));
    return [...replay(extending, bank)].map(([pcr, value]) => ({
      bank,
      pcr,
      value: Buffer.from(value).toString('hex'),
    }));
  });
}
