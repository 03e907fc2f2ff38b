// When do these files change? The kernel's hints come at once but can be lost, so they are also read every two seconds.
import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Calls `changed` after their bytes have become others than at the last call, never at once.
 * @returns `close`; it does not keep a process alive
 */
export function watchFiles(files: readonly string[], changed: () => void, everyMs = 2_000): { close(): void } {
  const bytes = () => files.map(read);
  let known = bytes();
  const look = () => {
    const now = bytes();
    if (now.every((one, i) => one === known[i])) return;
    known = now;
    changed();
  };
  let due: NodeJS.Immediate | undefined;
  const soon = () => {
    due ??= setImmediate(() => {
      due = undefined;
      look();
    }).unref();
  };
  const watchers = [...new Set(files.map((file) => dirname(file)))].flatMap((folder) => {
    try {
      const watcher = watch(folder, { persistent: false }, soon);
      watcher.on('error', () => watcher.close()); // then every two seconds is what there is
      return [watcher];
    } catch {
      return [];
    }
  });
  const timer = setInterval(look, everyMs).unref();
  return {
    close() {
      for (const watcher of watchers) watcher.close();
      clearInterval(timer);
      clearImmediate(due);
    },
  };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}
