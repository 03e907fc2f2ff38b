// Did the firmware end its own measurements in each of PCR 0–7, once, and without an error (PC Client PFP, §10.4.1)?
import type { BootEvent } from '@assay/measurement';
import type { Finding } from '@assay/protocol';
import { finding, hex } from '../../findings.ts';
import { type Facts, isQuoted, type Rule } from '../rule.ts';

export const separators: Rule = {
  name: 'separators',
  find: (facts) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((pcr) => isQuoted(facts, pcr)).flatMap((pcr) => separatorOf(facts, pcr)),
};

function separatorOf({ log }: Facts, pcr: number): Finding[] {
  const found = log.events.filter((event) => event.kind === 'separator' && event.pcr === pcr);
  const [first, second] = found;
  const where = `PCR ${pcr}`;
  const place = { pcr, component: 'firmware' } as const;
  if (!first) return [finding('separator-missing', where, 'a separator', 'none', place)];
  if (second)
    return [finding('separator-twice', where, 'one separator', `${found.length}`, { ...place, event: second.index })];
  return wrongValue(first) ? [wrongSeparator(first, place)] : [];
}

const wrongValue = (event: BootEvent) => event.kind === 'separator' && event.content?.error !== false;

const wrongSeparator = (event: BootEvent, place: { pcr: number; component: 'firmware' }) =>
  finding(
    event.kind === 'separator' && event.content ? 'separator-error' : 'separator-value',
    `event ${event.index} (PCR ${event.pcr}, EV_SEPARATOR)`,
    '00000000 or ffffffff',
    event.kind === 'separator' && event.content ? '01000000: the firmware met an error' : hex(event.data),
    { ...place, event: event.index },
  );
