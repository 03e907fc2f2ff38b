// What was packed, unpacked as it comes: gzip and zstd by Node, xz and lzma by the command xz, a process of its own with bounded memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { AssayError } from '@assay/core';
import type { Pieces } from './byte-source.ts';

export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'lzma';

/** @throws while it is read: AssayError `archive-compression` for what cannot be unpacked, `xz-missing`, and whatever `packed` throws */
export function decompressed(packed: Pieces, compression: Compression, where: string): Pieces {
  switch (compression) {
    case 'none':
      return packed;
    case 'gzip':
      return through(createGunzip(), packed, 'gzip', where);
    case 'zstd':
      return through(createZstdDecompress(), packed, 'zstd', where);
    default:
      return byXz(packed, compression, where);
  }
}

const refused = (where: string, compression: Compression, got: unknown) =>
  new AssayError('archive-compression', where, `what ${compression} can unpack`, got);

async function* through(transform: Transform, packed: Pieces, compression: Compression, where: string): Pieces {
  const flow = pipeline(Readable.from(packed, { objectMode: false }), transform);
  flow.catch(() => undefined); // told below, by the transform
  try {
    yield* transform as AsyncIterable<Uint8Array>;
    await flow; // whoever has `packed` may go on with what comes behind it
  } catch (error) {
    throw error instanceof AssayError ? error : refused(where, compression, error);
  } finally {
    transform.destroy();
    await flow.catch(() => undefined);
  }
}

/** Of the decoder: enough for `xz -9` (65 MiB) and what packages use, not for all that a header may ask for. */
const memory = '128MiB';

async function* byXz(packed: Pieces, format: 'xz' | 'lzma', where: string): Pieces {
  const args = ['--decompress', '--stdout', '--quiet', `--format=${format}`, `--memlimit-decompress=${memory}`];
  // Nothing of the operator's: XZ_OPT would change what it does.
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  const xz = spawn('xz', args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  xz.stderr.on('data', (part: Buffer) => {
    said = `${said}${part}`.slice(-500);
  });
  const started = once(xz, 'spawn');
  const closed = once(xz, 'close');
  closed.catch(() => undefined);
  const missing = await started.then(
    () => undefined,
    (error) => error,
  );
  if (missing)
    throw new AssayError('xz-missing', where, 'the command xz', missing, {
      cause: missing,
      hint: 'apt-get install xz-utils',
    });
  let broken: unknown;
  const fed = pipeline(Readable.from(packed, { objectMode: false }), xz.stdin).catch((error) => {
    // It has read what it wants: the rest is told by its exit code. Anything else is of what is packed.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
    broken = error;
    xz.kill('SIGKILL');
  });
  try {
    yield* xz.stdout as AsyncIterable<Uint8Array>;
    const [code, signal] = await closed;
    await fed;
    if (broken) throw broken;
    if (code !== 0) throw refused(where, format, said.trim() || `exit ${code ?? signal}`);
  } finally {
    xz.kill('SIGKILL');
    xz.stdin.destroy();
    await fed;
  }
}
