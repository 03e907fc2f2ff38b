// What did a unit write? Its log is bounded, and its last telling line goes into the error of whoever waited for it.
import { closeSync, copyFileSync, fstatSync, openSync, readdirSync, readSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

const longestLog = 10 * 1024 * 1024;

/**
 * Cuts each log that has grown past `limit` bytes, keeping what it held as `NAME.log.1`. The process goes on writing: it appends,
 * so after the cut it starts at the front again.
 */
export function limitLogs(logDir: string, limit = longestLog): void {
  for (const name of readdirSync(logDir)) {
    const file = join(logDir, name);
    if (!name.endsWith('.log') || statSync(file).size <= limit) continue;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  }
}

/** The last line that was meant for a person (`assay: …`), else the last line; nothing when the log is empty. */
export function tellingLine(logDir: string, unit: string): string | undefined {
  const lines = endOf(join(logDir, `${unit}.log`), 8192)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.findLast((line) => line.startsWith('assay: '))?.slice('assay: '.length) ?? lines.at(-1);
}

function endOf(file: string, bytes: number): string {
  try {
    const handle = openSync(file, 'r');
    try {
      const part = Buffer.alloc(bytes);
      const from = Math.max(0, fstatSync(handle).size - bytes);
      return part.toString('utf8', 0, readSync(handle, part, 0, bytes, from));
    } finally {
      closeSync(handle);
    }
  } catch {
    return ''; // not written yet
  }
}
