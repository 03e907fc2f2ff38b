// A real software TPM for a test, in milliseconds: manufactured once for all runs, copied for each start.
import { cp, lstat, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { openTpm } from '../tpm.ts';
import { manufacture, missing, startSwtpm } from './swtpm.ts';

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

const startTimeoutMs = 10_000;

/**
 * @param identity TPMs of the same identity are clones: the same seeds, EKs and certificates
 * @param ca another name, another CA
 */
export async function startTestTpm({ identity = 'one', ca = 'one' } = {}): Promise<TestTpm> {
  const { stateDir: original, caDir } = await manufacturedOnce(identity, ca);
  const dir = await mkdtemp(join(tmpdir(), 'assay-tpm-'));
  const stateDir = join(dir, 'state');
  const spec = `swtpm:path=${join(dir, 'tpm.sock')}`;
  let running: ReturnType<typeof startSwtpm> | undefined;

  const start = async () => {
    await Promise.all([rm(join(dir, 'tpm.sock'), { force: true }), rm(join(dir, 'tpm.sock.ctrl'), { force: true })]);
    running = startSwtpm(stateDir, dir, 'tpm.sock');
    let over: string | undefined;
    running.ended.then((said) => {
      over = said;
    });
    const end = performance.now() + startTimeoutMs;
    for (;;) {
      try {
        await (await openTpm(spec)).close();
        return;
      } catch (error) {
        if (over !== undefined) throw /ENOENT|failed to execute/.test(over) ? missing('swtpm', error) : refused(over);
        if (!(error instanceof AssayError) || error.code !== 'tpm-open' || performance.now() > end) throw error;
        await sleep(2); // until its socket is there
      }
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    running?.program.kill(signal);
    await running?.ended;
    running = undefined;
  };
  const refused = (said: string) => new AssayError('swtpm', `swtpm in ${dir}`, 'to start', said);

  try {
    await cp(original, stateDir, { recursive: true });
    await start();
  } catch (error) {
    await end('SIGKILL');
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
  return {
    spec,
    dir,
    ekCaPems: [
      await readFile(join(caDir, 'issuercert.pem'), 'utf8'),
      await readFile(join(caDir, 'swtpm-localca-rootca-cert.pem'), 'utf8'),
    ],
    pid: () => running?.program.pid ?? 0,
    async restart({ orderly = true } = {}) {
      if (orderly) {
        const tpm = await openTpm(spec);
        await tpm.shutdown();
        await tpm.close();
      }
      await end(orderly ? 'SIGTERM' : 'SIGKILL');
      await start();
    },
    async stop() {
      await end('SIGKILL');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Manufacturing takes a second, so it is done once for this user and kept in the temporary folder. */
async function manufacturedOnce(identity: string, ca: string): Promise<{ stateDir: string; caDir: string }> {
  const cache = join(tmpdir(), `assay-test-tpms-1-${userInfo().uid}`);
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
