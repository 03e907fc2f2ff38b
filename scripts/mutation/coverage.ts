// Which tests run a place of the source? Each test file once, under V8's own coverage.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Range = { startOffset: number; endOffset: number; count: number };
type Script = { url: string; functions: { ranges: Range[] }[] };

export type Coverage = {
  test: string;
  tookMs: number;
  passed: boolean;
  /** Whether it runs this character of this file. */
  runs(path: string, offset: number): boolean;
};

export async function coverageOf(test: string): Promise<Coverage> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-mutate-'));
  try {
    const began = performance.now();
    const child = spawn(process.execPath, [test], {
      env: { ...process.env, NODE_V8_COVERAGE: folder },
      stdio: 'ignore',
    });
    const [code] = await once(child, 'exit');
    const tookMs = performance.now() - began;
    const ranges = new Map<string, Range[]>();
    for (const file of readdirSync(folder)) {
      const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { result: Script[] };
      for (const { url, functions } of result) {
        if (!url.startsWith('file:')) continue;
        const path = fileURLToPath(url);
        ranges.set(path, [...(ranges.get(path) ?? []), ...functions.flatMap((one) => one.ranges)]);
      }
    }
    const runs = (path: string, offset: number) => {
      const around = (ranges.get(path) ?? []).filter((one) => one.startOffset <= offset && offset < one.endOffset);
      const size = (one: Range) => one.endOffset - one.startOffset;
      const [first] = around;
      if (!first) return false;
      return around.reduce((best, one) => (size(one) <= size(best) ? one : best), first).count > 0;
    };
    return { test, tookMs, passed: code === 0, runs };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
