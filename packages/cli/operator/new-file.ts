// Where does what a command writes go? Into a file that is whole or not there; one that is there stays unless told.
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { AssayError } from '@assay/core';

export type NewFile = AsyncDisposable & {
  /** Writes the file, which is there from then on. */
  keep(text: string): Promise<void>;
};

/**
 * Before there is anything to write: what takes long to get is not got in vain.
 * @param overwrite a file that is there, once all of the new one is there
 * @throws AssayError `file-exists`, `file-unwritable`
 */
export async function openNew(path: string, overwrite: boolean): Promise<NewFile> {
  const trouble = (cause: unknown) => troubleOf(path, cause);
  const there = await fileAt(path);
  const old = overwrite ? there : undefined;
  const place = old === undefined ? path : `${old}.${process.pid}.new`;
  const file = await open(place, 'wx').catch((cause: unknown) => {
    throw trouble(cause);
  });
  let isKept = false;
  return {
    async keep(text) {
      try {
        await file.writeFile(text);
        if (old !== undefined) await rename(place, old);
        isKept = true;
      } catch (cause) {
        throw trouble(cause);
      }
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      if (!isKept) await rm(place, { force: true });
    },
  };
}

/** Where the file really is; undefined: nowhere. Never a device: another file would take its place. */
async function fileAt(path: string): Promise<string | undefined> {
  const is = await stat(path).catch(() => undefined); // whatever is wrong shows when it is opened
  if (is && !is.isFile()) throw unwritable(path, is.isDirectory() ? 'a folder' : 'a device or a pipe');
  return is && (await realpath(path));
}

/** What the system says, in words. */
const troubles: Readonly<Record<string, string>> = {
  EACCES: 'a folder or a file that this user may not write to',
  EISDIR: 'a folder',
  ENOENT: 'a folder that is not there',
  ENOSPC: 'a file system that is full',
  ENOTDIR: 'a file where a folder should be',
  EROFS: 'a file system that is read-only',
};

function troubleOf(path: string, cause: unknown): AssayError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (code === 'EEXIST')
    return new AssayError('file-exists', path, 'a file that is not there yet, or --overwrite', 'one that is there', {
      cause,
      hint: 'nothing was written',
    });
  return unwritable(path, troubles[code] ?? cause, cause);
}

const unwritable = (path: string, got: unknown, cause?: unknown) =>
  new AssayError('file-unwritable', path, 'a file that can be written', got, { cause });
