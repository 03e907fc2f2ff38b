// What do an IMA list, PCR values and a boot log say of one another: are they of one boot, and does the list explain PCR 10?
import { shown } from '@assay/core';
import { checkBootAggregate, imaPcr, readImaList, replayIma } from '@assay/measurement';
import { ledTo } from './led-to.ts';
import type { PieceOf, Together } from './piece.ts';

/** PCR 10 as somebody read it: the list may have run on since. */
export function compareList(to: Together, { name, bytes }: PieceOf<'ima-list'>, values: PieceOf<'pcr-values'>): void {
  const held = Object.entries(values.banks).flatMap(([bank, pcrs]) => {
    const value = pcrs.get(imaPcr);
    return value ? [[bank, value] as const] : [];
  });
  if (held.length === 0) return;
  const { state, tail } = replayIma({ offset: 0, bytes }, undefined, Object.fromEntries(held));
  const where = `PCR 10 of ${values.name} (${held.map(([bank]) => bank).join(', ')})`;
  if (!state) to.strange.push({ code: 'ima-list-mismatch', message: `${name} leads to ${where} nowhere`, pcr: imaPcr });
  else to.holds.push(`${name} leads to ${where} after ${state.entries} entries${tail ? `; ${tail} are newer` : ''}`);
}

/** Whether list and log are of one boot. */
export function compareAggregate(
  to: Together,
  { name, bytes }: PieceOf<'ima-list'>,
  { name: logName, log }: PieceOf<'boot-log'>,
): void {
  const { value: first } = readImaList(bytes).next();
  const banks = log.algorithms.flatMap(({ name: bank }) => (bank ? [{ hash: bank, pcrs: bootPcrs }] : []));
  const found = checkBootAggregate(first && 'index' in first ? first : undefined, ledTo(log, banks));
  if (found.result === 'equal')
    to.holds.push(`${name} belongs to the boot of ${logName}: boot_aggregate (${found.bank})`);
  else if (found.result === 'differs')
    to.strange.push({
      code: 'ima-boot-aggregate',
      message: `${name} is of another boot than ${logName}: boot_aggregate is ${shown(found.got)}, the log leads to ${shown(found.expected)}`,
      entry: 0,
    });
}

const bootPcrs = Array.from({ length: 10 }, (_, pcr) => pcr);
