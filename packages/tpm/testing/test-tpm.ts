// A real software TPM for a test, in milliseconds: manufactured once for all runs, copied for each start.
import { cp, lstat, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { manufacture } from './manufacture.ts';
import { startSwtpm } from './swtpm.ts';

export type TestTpm = {
  /** For `openTpm`, and for tpm2-tools as `-T`. */
  readonly spec: string;
  /** A folder of this TPM alone; gone after `stop`. */
  readonly dir: string;
  /** The CA of its EK certificates: issuing certificate, then root, PEM. */
  readonly ekCaPems: readonly [issuer: string, root: string];
  /** Process id of the running swtpm. */
  pid(): number;
  /** As a reboot: PCRs are zero again. Without notice (`orderly: false`) it is a power cut, and the clock is not safe. */
  restart(how?: { orderly?: boolean }): Promise<void>;
  stop(): Promise<void>;
};

/**
 * @param identity TPMs of the same identity are clones: the same seeds, EKs and certificates
 * @param ca another name, another CA
 */
export async function startTestTpm({ identity = 'one', ca = 'one' } = {}): Promise<TestTpm> {
  const { stateDir: original, caDir } = await manufacturedOnce(identity, ca);
  const certificate = (name: string) => readFile(join(caDir, name), 'utf8');
  const ekCaPems = [await certificate('issuercert.pem'), await certificate('swtpm-localca-rootca-cert.pem')] as const;
  const dir = await mkdtemp(join(tmpdir(), 'assay-tpm-'));
  const stateDir = join(dir, 'state');
  try {
    await cp(original, stateDir, { recursive: true });
    let running = await startSwtpm(stateDir, dir);
    return {
      spec: running.spec,
      dir,
      ekCaPems,
      pid: () => running.pid,
      async restart({ orderly = true } = {}) {
        await running.end(orderly);
        running = await startSwtpm(stateDir, dir);
      },
      async stop() {
        await running.end(false);
        await rm(dir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

/** Manufacturing takes a second, so it is done once for this user and kept in the temporary folder. */
async function manufacturedOnce(identity: string, ca: string): Promise<{ stateDir: string; caDir: string }> {
  const cache = join(tmpdir(), `assay-test-tpms-2-${userInfo().uid}`);
  await mkdir(cache, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const owner = await lstat(cache);
  if (!owner.isDirectory() || owner.uid !== userInfo().uid || (owner.mode & 0o077) !== 0)
    throw new AssayError('swtpm', cache, 'a folder of this user alone', 'one that others can write or own', {
      hint: 'remove it',
    });
  const caDir = join(cache, `ca-${ca}`);
  const stateDir = join(cache, `tpm-${ca}-${identity}`);
  if (!(await exists(stateDir))) {
    const making = await mkdtemp(join(cache, 'making-'));
    await manufacture({ stateDir: making, caDir });
    // Another process may have been faster: then its TPM counts.
    await rename(making, stateDir).catch(() => rm(making, { recursive: true, force: true }));
  }
  return { stateDir, caDir };
}

const exists = (path: string) => lstat(path).then(Boolean, () => false);
