// What a command has of the world around it, for a test: its input, what it wrote, what it complained of.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { World } from '../show.ts';

export type TestWorld = World & { written(): string; complaints: unknown[] };

/** @param terminal columns of a terminal; undefined: output is piped on */
export function testWorld({ stdin = new Uint8Array(), root = '/', terminal }: Partial<TestWish> = {}): TestWorld {
  const parts: string[] = [];
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      parts.push(chunk.toString('utf8'));
      done();
    },
  });
  const complaints: unknown[] = [];
  return {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: terminal ? Object.assign(stdout, { isTTY: true, columns: terminal }) : stdout,
    env: {},
    root,
    now: new Date('2026-11-23T12:00:00Z'),
    async complain(error) {
      complaints.push(error);
    },
    written: () => parts.join(''),
    complaints,
  };
}

type TestWish = { stdin: Uint8Array; root: string; terminal: number };

/** Puts bytes in a file that is gone after the test. @returns its path */
export function fileOf(t: TestContext, bytes: Uint8Array | string): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-evidence-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'file');
  writeFileSync(file, bytes);
  return file;
}
