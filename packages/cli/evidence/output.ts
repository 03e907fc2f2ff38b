// Text to standard output, in large pieces, no faster than it is read.
import { once } from 'node:events';
import type { Writable } from 'node:stream';

const chunk = 64 * 1024;

export async function writeAll(
  out: Writable,
  parts: AsyncIterable<string> | Iterable<string>,
  end: string,
): Promise<void> {
  let text = '';
  for await (const part of parts) {
    text += part + end;
    if (text.length < chunk) continue;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
  }
  if (text && !out.write(text)) await once(out, 'drain');
}
