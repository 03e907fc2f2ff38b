// The image assay-mini for tests that run it: built once a test process, or taken from the build's cache.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

let folder: string | undefined;

export function guestImage(): { kernelPath: string; initrdPath: string } {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'assay-image-'));
    folder = made;
    after(() => rmSync(made, { recursive: true }));
    execFileSync(fileURLToPath(new URL('../../../../image/build', import.meta.url)), ['--out', made], {
      stdio: 'pipe',
    });
  }
  return { kernelPath: join(folder, 'kernel'), initrdPath: join(folder, 'initrd') };
}
