// What did the guest say on its console? The end of it: the file is kept short, whatever the guest writes.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** As much as Nova gives (MAX_CONSOLE_BYTES); written as JSON it fits into one frame even if every byte is a control character. */
export const maxConsoleBytes = 100 * 1024;
const rotateAtBytes = 1 << 20;

/**
 * The last `lines` lines, all that is kept without.
 * @returns nothing when there is no such file
 */
export async function tail(file: string, lines?: number): Promise<string | undefined> {
  const bytes = await lastBytes(file, maxConsoleBytes);
  const text = bytes?.toString('utf8');
  if (text === undefined || lines === undefined) return text;
  if (lines === 0) return '';
  const all = text.split('\n');
  const ended = all.at(-1) === '' ? 1 : 0; // what follows the last line end is no line
  return all.slice(-(lines + ended)).join('\n');
}

/** Shortens a file that has grown long. QEMU appends, so its next write comes after what is kept. */
export async function shorten(file: string): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW).catch(() => undefined);
  if (!handle) return;
  try {
    const { size } = await handle.stat();
    if (size <= rotateAtBytes) return;
    const kept = Buffer.alloc(maxConsoleBytes);
    const { bytesRead } = await handle.read(kept, 0, kept.length, size - kept.length);
    await handle.truncate(0);
    await handle.write(kept.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

async function lastBytes(file: string, count: number): Promise<Buffer | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - count);
    const bytes = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
