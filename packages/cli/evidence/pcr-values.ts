// What somebody says the PCRs held. Proven only when a quote has their digest: see together.ts.
import type { PcrBanks } from '@assay/tpm/structures';
import type { Block } from './page.ts';
import type { PieceOf } from './piece.ts';

export type PcrReport = {
  kind: 'pcr-values';
  name: string;
  /** Bank, then PCR: hex. */
  pcrs: Record<string, Record<string, string>>;
};

export const pcrReport = ({ name, banks }: PieceOf<'pcr-values'>): PcrReport => ({
  kind: 'pcr-values',
  name,
  pcrs: hexValues(banks),
});

/** Values as JSON has them, PCRs ascending. */
const hexValues = (banks: PcrBanks): PcrReport['pcrs'] =>
  Object.fromEntries(
    Object.entries(banks).map(([bank, values]) => [
      bank,
      Object.fromEntries([...values].map(([pcr, value]) => [pcr, value.toHex()])),
    ]),
  );

export function* pcrBlocks({ name, pcrs }: PcrReport): Generator<Block> {
  yield { heading: `${name}: PCR values` };
  for (const [bank, values] of Object.entries(pcrs)) {
    yield { heading: bank };
    yield pcrTable(values);
  }
}

/** Values row by row; those that nothing has extended, in one line at the end. */
export function pcrTable(values: Record<string, string>): Block {
  const untouched = Object.entries(values).filter(([, value]) => /^(0+|f+)$/.test(value));
  const rows = Object.entries(values).filter(([, value]) => !/^(0+|f+)$/.test(value));
  const rest =
    untouched.length > 0 ? [{ cells: ['', `never extended: ${rangesOf(untouched.map(([pcr]) => Number(pcr)))}`] }] : [];
  return {
    columns: [
      { head: 'PCR', width: 3, right: true },
      { head: 'VALUE', width: 0 },
    ],
    rows: [...rows.map(([pcr, value]) => ({ cells: [pcr, value] })), ...rest],
  };
}

/** `0-9, 11` */
export function rangesOf(pcrs: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const pcr of pcrs) {
    const last = parts.at(-1);
    if (last && last[1] === pcr - 1) last[1] = pcr;
    else parts.push([pcr, pcr]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
