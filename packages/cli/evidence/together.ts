// What do several things say of one another: does the key verify the signature, do the PCR values have the quote's digest, does the
// log lead to them? That the key is a host's, and that the answer is fresh, is for an attestation server to say.
import { AssayError, shown } from '@assay/core';
import { untouchedPcr } from '@assay/measurement';
import {
  digestSize,
  type HashName,
  hashNames,
  type PcrBanks,
  pcrDigest,
  publicKeyOf,
  verifySignature,
} from '@assay/tpm/structures';
import { ledTo, replayOf } from './led-to.ts';
import type { Block } from './page.ts';
import { rangesOf } from './pcr-values.ts';
import type { Piece, PieceOf, Together } from './piece.ts';
import { strangeBlocks } from './strange.ts';
import { compareAggregate, compareList } from './together-ima.ts';

/** Empty when there is nothing to compare. */
export function together(pieces: readonly Piece[]): Together {
  const of = <K extends Piece['kind']>(kind: K) => pieces.filter((piece): piece is PieceOf<K> => piece.kind === kind);
  const result: Together = { holds: [], strange: [] };
  const values = of('pcr-values');
  for (const quote of of('attest')) {
    for (const signature of of('signature')) compareSignature(result, quote, signature, of('public-key'));
    if (quote.attest.type !== 'quote') continue;
    for (const value of values) compareDigest(result, quote, value.name, value.banks);
    if (values.length === 0)
      for (const log of of('boot-log'))
        compareDigest(result, quote, `what ${log.name} leads to`, ledTo(log.log, quote.attest.pcrSelect));
  }
  for (const log of of('boot-log')) for (const value of values) compareValues(result, log, value);
  for (const list of of('ima-list').filter(({ offset }) => offset === 0)) {
    for (const value of values) compareList(result, list, value);
    for (const log of of('boot-log')) compareAggregate(result, list, log);
  }
  return result;
}

function compareSignature(
  to: Together,
  quote: PieceOf<'attest'>,
  { name, signature }: PieceOf<'signature'>,
  keys: PieceOf<'public-key'>[],
): void {
  for (const key of keys) {
    const says = `${name} over ${quote.name} by ${key.name}`;
    try {
      if (verifySignature(publicKeyOf(key.bytes), signature, quote.bytes))
        to.holds.push(`the signature verifies: ${says}`);
      else if (keys.length === 1)
        to.strange.push({ code: 'quote-signature', message: `the signature does not verify: ${says}` });
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      to.strange.push({ code: error.code, message: `${key.name}: ${error.message}` });
    }
  }
}

/** The quote's digest is of its signing scheme's hash; which one, its length tells as well. */
function compareDigest(to: Together, { name, attest }: PieceOf<'attest'>, valuesName: string, banks: PcrBanks): void {
  if (attest.type !== 'quote') return;
  const hashes = hashNames.filter((hash) => digestSize(hash) === attest.pcrDigest.length);
  try {
    const agrees = hashes.some(
      (hash) => Buffer.compare(pcrDigest(attest.pcrSelect, banks, hash), attest.pcrDigest) === 0,
    );
    if (agrees) to.holds.push(`the quote has the digest of these values: ${name}, ${valuesName}`);
    else
      to.strange.push({ code: 'pcr-digest-mismatch', message: `${name} is over other PCR values than ${valuesName}` });
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    to.strange.push({ code: 'pcr-values', message: `${valuesName} lacks what ${name} covers: ${error.message}` });
  }
}

/** PCRs that the boot alone extends: the running system extends 10 (IMA) and above. */
const lastOfBoot = 9;

function compareValues(to: Together, { name, log }: PieceOf<'boot-log'>, values: PieceOf<'pcr-values'>): void {
  for (const [bank, held] of Object.entries(values.banks) as [HashName, ReadonlyMap<number, Uint8Array>][]) {
    const replayed = replayOf(log, bank);
    if (!replayed || !log.algorithms.some((algorithm) => algorithm.name === bank)) continue;
    const explained: number[] = [];
    for (const [pcr, value] of held) {
      const logged = replayed.get(pcr) ?? untouchedPcr(pcr, digestSize(bank), log.startupLocality);
      if (Buffer.compare(logged, value) === 0) explained.push(pcr);
      else if (pcr <= lastOfBoot || replayed.has(pcr))
        to.strange.push({
          code: 'log-replay-mismatch',
          message: `PCR ${pcr} (${bank}) is ${shown(value)} in ${values.name}, and ${name} leads to ${shown(logged)}`,
          pcr,
        });
    }
    if (explained.length > 0)
      to.holds.push(`${name} leads to the ${bank} values of ${values.name} in PCR ${rangesOf(explained)}`);
  }
}

/** What mixed-up files have as well as changed ones. */
const ofOneBoot = new Set(['log-replay-mismatch', 'pcr-digest-mismatch', 'ima-list-mismatch', 'ima-boot-aggregate']);

export async function* togetherBlocks({ holds, strange }: Together, all: boolean): AsyncGenerator<Block> {
  if (holds.length + strange.length === 0) return;
  yield { heading: 'Taken together' };
  yield { facts: holds.map((one) => ['holds', one] as const) };
  yield* strangeBlocks(strange, all);
  if (strange.some(({ code }) => ofOneBoot.has(code)))
    yield { note: 'Or the files are of different boots: name files of one boot.' };
}
