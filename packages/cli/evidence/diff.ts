// `assay evidence diff`: what changed between two boots, in terms of components.
import { AssayError } from '@assay/core';
import { diffLogs, type LogDiff } from './diff/boot-log.ts';
import type { Change } from './diff/change.ts';
import { diffImaLists } from './diff/ima-list.ts';
import { readInput } from './input.ts';
import { jsonChunks } from './json.ts';
import { writeAll } from './output.ts';
import { type Block, linesOf, screenOf } from './page.ts';
import { rangesOf } from './pcr-values.ts';
import type { Piece, PieceOf } from './piece.ts';
import { recognise } from './recognise.ts';
import type { World } from './show.ts';

/** Of one change, unless all are asked for. */
const mostDetails = 20;

/** `partial`: both have a list of IMA, one of them only a part, so that they were not compared. */
type Diff = { changes: Change[]; log: LogDiff | undefined; partial: boolean };

/**
 * @param old a file, or `-` for standard input; `now` likewise
 * @returns the exit code, as diff(1) has it: 0 the same, 1 different
 * @throws AssayError `evidence-incomparable` when the files hold nothing that could be compared, and whatever reading them throws
 */
export async function diff(
  old: string,
  now: string,
  { all, json }: { all: boolean; json: boolean },
  world: World,
): Promise<number> {
  const [was, is] = [await piecesOf(old, world), await piecesOf(now, world)];
  const found = difference(was, is);
  const same = found.changes.length === 0;
  if (json) {
    const pcrs = found.log && { bank: found.log.bank, pcrs: found.log.pcrs };
    const report = {
      format: 'assay-evidence-diff',
      version: 1,
      old,
      new: now,
      same,
      changes: found.changes,
      differing_pcrs: pcrs,
      not_compared: found.partial ? ['ima-list'] : undefined,
    };
    await writeAll(world.stdout, jsonChunks(report), '');
    world.stdout.write('\n');
  } else await writeAll(world.stdout, linesOf(pageOf(found, all), screenOf(world.stdout, world.env)), '\n');
  return same ? 0 : 1;
}

const piecesOf = async (file: string, { stdin }: World) => {
  const { name, bytes } = await readInput(file, stdin);
  return recognise(name, bytes);
};

function difference(was: readonly Piece[], is: readonly Piece[]): Diff {
  const logs = both(was, is, 'boot-log');
  const lists = both(was.filter(isWhole), is.filter(isWhole), 'ima-list');
  if (!logs && !lists)
    throw new AssayError(
      'evidence-incomparable',
      'the two files',
      'a boot log or a whole list of IMA in each',
      kindsOf(was, is),
    );
  const log = logs && diffLogs(logs[0].log, logs[1].log);
  const ima = lists ? diffImaLists(lists[0].bytes, lists[1].bytes) : [];
  const partial = !lists && both(was, is, 'ima-list') !== undefined;
  return { changes: [...(log?.changes ?? []), ...ima], log, partial };
}

/** Of a list that the server has seen before, a round brings only what is new: nothing to compare files by. */
const isWhole = (piece: Piece) => piece.kind !== 'ima-list' || (piece.offset === 0 && !piece.more);

function both<K extends Piece['kind']>(
  was: readonly Piece[],
  is: readonly Piece[],
  kind: K,
): [PieceOf<K>, PieceOf<K>] | undefined {
  const [old, now] = [was, is].map((pieces) => pieces.find((piece): piece is PieceOf<K> => piece.kind === kind));
  return old && now ? [old, now] : undefined;
}

const kindsOf = (...sides: (readonly Piece[])[]) =>
  sides
    .map((pieces) => pieces.map(({ kind }) => kindNames[kind]).join(', '))
    .map((held, i) => `${held || 'nothing'} in the ${i === 0 ? 'old' : 'new'} one`)
    .join(', ');

const kindNames: Readonly<Record<Piece['kind'], string>> = {
  'boot-log': 'a boot log',
  'ima-list': 'a list of IMA',
  attest: 'a quote',
  signature: 'a signature',
  'public-key': 'a public key',
  certificate: 'a certificate',
  'pcr-values': 'PCR values',
};

async function* pageOf({ changes, log, partial }: Diff, all: boolean): AsyncGenerator<Block> {
  const { componentName, components } = await import('@assay/protocol');
  if (changes.length === 0) yield { text: 'no difference in what was measured' };
  for (const component of components) {
    const own = changes.filter((change) => change.component === component);
    if (own.length === 0) continue;
    yield { heading: componentName(component) };
    for (const { text, details } of own) {
      yield { note: text };
      const shown = all ? details : details.slice(0, mostDetails);
      const more = details.length - shown.length;
      for (const detail of shown) yield { note: `  ${detail}` };
      if (more > 0) yield { note: `  and ${more} more (--all)` };
    }
  }
  if (log && log.pcrs.length > 0)
    yield { text: `PCRs the logs lead to differently (${log.bank}): ${rangesOf(log.pcrs)}` };
  if (partial) yield { text: 'the lists of IMA were not compared: a file holds only a part of one' };
}
