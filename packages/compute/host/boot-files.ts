// Where do kernel and ramdisk come from? From the compute API, for a trusted instance against its ticket; what was fetched
// before is kept by its SHA-256, and hashed anew at every start: QEMU gets the very file that was hashed.
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { httpsAgent } from '@assay/daemon';
import { type FileKind, filePath, type InstanceSpec } from '../link/frames.ts';

export type BootFiles = {
  /**
   * Both files, open for reading; the caller closes them.
   * @throws AssayError `file-unavailable`, `file-corrupt`
   */
  open(spec: InstanceSpec, ticket: string | undefined, signal: AbortSignal): Promise<Record<FileKind, FileHandle>>;
  /** Keeps no more than allowed of what is not in `used` (SHA-256), the longest unused going first. */
  tidy(used: ReadonlySet<string>): Promise<void>;
};

const silenceMs = 15_000;

/** @param url of the compute API's link; @param keepBytes of files no instance uses */
export function bootFiles(
  { url, ca, cert, key }: { url: string; ca: Buffer; cert: Buffer; key: Buffer },
  cacheDir: string,
  keepBytes: number,
): BootFiles {
  /** One at a time for each file: the second finds what the first has fetched. */
  const turns = new Map<string, Promise<unknown>>();

  async function have(spec: InstanceSpec, kind: FileKind, ticket: string | undefined, signal: AbortSignal) {
    const { sha256 } = spec[kind];
    const before = turns.get(sha256);
    const mine = (async () => {
      await before?.catch(() => undefined);
      return (await cached(spec[kind])) ?? (await fetched(spec, kind, ticket, signal));
    })();
    turns.set(sha256, mine);
    return mine.finally(() => turns.get(sha256) === mine && turns.delete(sha256));
  }

  async function cached({ sha256, size }: InstanceSpec['kernel']): Promise<FileHandle | undefined> {
    const file = join(cacheDir, sha256);
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
    if (!handle) return undefined;
    try {
      if ((await handle.stat()).size === size && (await hashOf(handle)) === sha256) {
        const now = new Date();
        await utimes(file, now, now); // when it was last of use
        return handle;
      }
    } catch {
      // cannot be read: as good as none
    }
    await handle.close();
    await rm(file, { force: true });
    return undefined;
  }

  async function fetched(spec: InstanceSpec, kind: FileKind, ticket: string | undefined, signal: AbortSignal) {
    await mkdir(cacheDir, { recursive: true, mode: 0o700 });
    const { sha256, size } = spec[kind];
    const from = new URL(filePath(spec.id, kind), url);
    const part = join(cacheDir, `.${sha256}.${randomUUID()}`);
    const handle = await open(part, 'wx', 0o644); // QEMU's user reads it
    try {
      const hash = createHash('sha256');
      let got = 0;
      for await (const chunk of (await answer(from, ticket, signal)) as AsyncIterable<Buffer>) {
        got += chunk.length;
        if (got > size) throw new AssayError('file-corrupt', from.href, `${size} bytes`, 'more');
        hash.update(chunk);
        await handle.write(chunk);
      }
      const found = hash.digest('hex');
      if (got !== size || found !== sha256)
        throw new AssayError('file-corrupt', from.href, `${size} bytes with SHA-256 ${sha256}`, `${got} with ${found}`);
      await handle.sync();
      await rename(part, join(cacheDir, sha256));
    } catch (cause) {
      await rm(part, { force: true });
      if (cause instanceof AssayError) throw cause;
      throw new AssayError('file-unavailable', from.href, `the ${kind} of instance ${spec.id}`, cause, { cause });
    } finally {
      await handle.close();
    }
    return open(join(cacheDir, sha256), constants.O_RDONLY);
  }

  async function answer(from: URL, ticket: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
    const agent = httpsAgent();
    const headers = ticket === undefined ? {} : { authorization: `Bearer ${ticket}` };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = request(from, { agent, ca, cert, key, headers, signal, minVersion: 'TLSv1.2' }, resolve);
    sent.setTimeout(silenceMs, () => sent.destroy(new Error(`silence of ${silenceMs} ms`)));
    sent.on('error', reject);
    sent.on('close', () => agent.destroy());
    sent.end();
    const response = await promise;
    if (response.statusCode === 200) return response;
    response.destroy();
    throw new AssayError('file-unavailable', from.href, 'status 200', response.statusCode);
  }

  return {
    async open(spec, ticket, signal) {
      const kernel = await have(spec, 'kernel', ticket, signal);
      try {
        return { kernel, ramdisk: await have(spec, 'ramdisk', ticket, signal) };
      } catch (error) {
        await kernel.close();
        throw error;
      }
    },
    async tidy(used) {
      const names = await readdir(cacheDir).catch(() => []);
      const idle = [];
      for (const name of names) {
        if (used.has(name) || turns.has(name)) continue;
        const found = await stat(join(cacheDir, name)).catch(() => undefined);
        // What a killed process left half fetched; one that is being fetched changes all the time.
        const left = name.startsWith('.') && found && Date.now() - found.mtimeMs > 3_600_000;
        if (left) await rm(join(cacheDir, name), { force: true });
        else if (found && /^[0-9a-f]{64}$/.test(name)) idle.push({ name, size: found.size, at: found.mtimeMs });
      }
      let kept = 0;
      for (const { name, size } of idle.sort((a, b) => b.at - a.at)) {
        kept += size;
        if (kept > keepBytes) await rm(join(cacheDir, name), { force: true });
      }
    },
  };
}

async function hashOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of handle.createReadStream({ autoClose: false, start: 0 })) hash.update(part as Buffer);
  return hash.digest('hex');
}
