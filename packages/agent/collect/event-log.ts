// The firmware's boot log as the kernel gives it.
import { open } from 'node:fs/promises';
import { AssayError } from '@assay/core';

/** A log longer than this is not sent: the server would refuse it. */
const longestLog = 4 * 1024 * 1024;

/** Reads to the end: securityfs gives no size. @throws AssayError `agent-event-log` */
export async function readEventLog(file: string): Promise<Buffer> {
  const handle = await open(file).catch((cause: Error) => {
    throw new AssayError('agent-event-log', `[agent] event_log ${file}`, 'a readable boot log', cause, {
      cause,
      hint: 'a kernel started past its EFI stub leaves none; the agent needs to run as root to read it',
    });
  });
  try {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of handle.createReadStream({ autoClose: false })) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
      if (length > longestLog)
        throw new AssayError('agent-event-log', file, `at most ${longestLog} bytes`, `${length} and more`);
    }
    return Buffer.concat(parts, length);
  } finally {
    await handle.close();
  }
}
