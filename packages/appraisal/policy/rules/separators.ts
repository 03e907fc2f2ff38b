// Did the firmware end its own measurements in each of PCR 0–7, once, and without an error (PC Client PFP, §10.4.1)?
// A separator is known by its digest: an event that extends one's value and calls itself something else is one too (L01).
import type { BootEvent } from '@assay/measurement';
import type { Finding } from '@assay/protocol';
import { finding } from '../../findings/finding.ts';
import { eventName, isQuoted, type LogFacts, type Rule } from '../rule.ts';

export const separators: Rule = {
  name: 'separators',
  find: (facts) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((pcr) => isQuoted(facts, pcr)).flatMap((pcr) => separatorOf(facts, pcr)),
};

function separatorOf({ log, phases }: LogFacts, pcr: number): Finding[] {
  const byDigest = new Set(phases[pcr]?.separators);
  const found = log.events.filter((event) => event.pcr === pcr && (event.kind === 'separator' || byDigest.has(event)));
  const [first, second] = found;
  const place = { pcr, component: 'firmware' } as const;
  if (!first) return [finding('separator-missing', `PCR ${pcr}`, 'a separator', 'none', place)];
  if (second) {
    const twice = { ...place, event: second.index };
    return [finding('separator-twice', `PCR ${pcr}`, 'one separator', `${found.length}`, twice)];
  }
  if (first.kind === 'separator' && first.content?.error === false) return [];
  return [wrong(first, place)];
}

function wrong(event: BootEvent, place: { pcr: number; component: 'firmware' }): Finding {
  const at = { ...place, event: event.index };
  if (event.kind !== 'separator')
    return finding('separator-value', eventName(event), 'EV_SEPARATOR, as it extends what one does', event.type, at);
  return event.content
    ? finding('separator-error', eventName(event), '00000000 or ffffffff', '01000000: the firmware met an error', at)
    : finding('separator-value', eventName(event), '00000000 or ffffffff', event.data.toHex(), at);
}
