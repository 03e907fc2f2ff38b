// How do a host's instances end when the host goes down? As machines that lose power; what the subscriber wanted stays known.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AssayError } from '@assay/core';
import type { Layout } from './layout.ts';
import { self, unitEnvironment } from './self.ts';

const run = promisify(execFile);

/** Ends the instances that run on this host; they are started again when the host is back. */
export async function endInstances(paths: Layout, host: string): Promise<void> {
  const [program, main] = self;
  const args = [main, 'compute-host', '--stop-instances', '--config-file', paths.host(host).assayConf];
  try {
    await run(program, args, { cwd: paths.root, env: unitEnvironment(), timeout: 30_000 });
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string };
    throw new AssayError('lab-instances', host, 'its instances to end', stderr.trim() || cause, { cause });
  }
}
