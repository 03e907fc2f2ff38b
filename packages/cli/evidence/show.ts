// `assay evidence show`: what is in these files, and what do they say of one another?
import type { Readable, Writable } from 'node:stream';
import { AssayError } from '@assay/core';
import { type Input, readInput, readMachine } from './input.ts';
import { jsonChunks } from './json.ts';
import { writeAll } from './output.ts';
import { type Block, linesOf, screenOf } from './page.ts';
import type { Piece } from './piece.ts';
import { recognise } from './recognise.ts';
import { blocksOf, reportOf } from './report.ts';
import { together, togetherBlocks } from './together.ts';

/** What a command has of the world around it. `root`: of the file system, `/` but in tests. */
export type World = {
  stdin: Readable;
  stdout: Writable & { isTTY?: boolean; columns?: number };
  env: NodeJS.ProcessEnv;
  root: string;
  now: Date;
  /** One line about something that went wrong. */
  complain: (error: unknown) => Promise<void>;
};

/**
 * @param files paths, `-` for standard input; none: this machine's own
 * @returns the exit code: 0, or 1 when something could not be read or recognised (the rest is shown)
 */
export async function show(
  files: readonly string[],
  { all, json }: { all: boolean; json: boolean },
  world: World,
): Promise<number> {
  const { pieces, failed } = await piecesOf(files, world);
  if (pieces.length > 0) {
    if (json) await writeAll(world.stdout, jsonChunks(await asJson(pieces, world.now)), '');
    else await writeAll(world.stdout, linesOf(pageOf(pieces, all, world.now), screenOf(world.stdout, world.env)), '\n');
    if (json) world.stdout.write('\n');
  }
  return failed ? 1 : 0;
}

async function piecesOf(
  files: readonly string[],
  { stdin, root, complain }: World,
): Promise<{ pieces: Piece[]; failed: boolean }> {
  const pieces: Piece[] = [];
  let failed = false;
  const take = async (read: () => Promise<Input | Input[]>) => {
    try {
      for (const { name, bytes } of [await read()].flat())
        for (const piece of await recognise(name, bytes)) pieces.push(piece);
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      await complain(error);
      failed = true;
    }
  };
  if (files.length === 0) await take(() => readMachine(root));
  for (const file of files) await take(() => readInput(file, stdin));
  return { pieces, failed };
}

/** The shape docs/evidence.md describes. */
async function asJson(pieces: readonly Piece[], now: Date) {
  const reports = [];
  for (const piece of pieces) reports.push(await reportOf(piece, now));
  return { format: 'assay-evidence', version: 1, evidence: reports, together: together(pieces) };
}

async function* pageOf(pieces: readonly Piece[], all: boolean, now: Date): AsyncGenerator<Block> {
  for (const piece of pieces) yield* blocksOf(await reportOf(piece, now), all);
  yield* togetherBlocks(together(pieces), all);
}
