// IMA's run-time list as the kernel gives it, from one byte on, as much of it as one round carries.
import { type FileHandle, open } from 'node:fs/promises';
import { AssayError } from '@assay/core';
import { type ClaimedImaLog, imaPartBytes, toBase64 } from '@assay/protocol';

const chunk = 64 * 1024;

/**
 * @param from byte of the list
 * @returns undefined where the kernel keeps no list
 * @throws AssayError `agent-ima-log` when it is there and cannot be read
 */
export async function readImaPart(file: string, from: number): Promise<ClaimedImaLog | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const parts: Buffer[] = [];
    let length = 0;
    while (length <= imaPartBytes) {
      // securityfs gives no size, and a page or so at a time.
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(chunk), 0, chunk, from + length);
      if (bytesRead === 0) break;
      parts.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
    const more = length > imaPartBytes;
    const data = Buffer.concat(parts).subarray(0, imaPartBytes);
    return { offset: from, data: toBase64(data), ...(more && { more }) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AssayError('agent-ima-log', `[agent] ima_log ${file}`, 'a readable list, or none', cause, {
      cause,
      hint: 'the agent needs to run as root to read it',
    });
  } finally {
    await handle?.close();
  }
}
