// How does `assay up` come to have a supervisor? By starting one that outlives it, and waiting until it takes orders.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import type { Layout } from './layout.ts';
import { livingSupervisor } from './leftovers.ts';
import { connects } from './readiness.ts';
import { self, unitEnvironment } from './self.ts';
import { supervisorUnit } from './supervise.ts';
import { tellingLine } from './supervisor/unit-log.ts';

/**
 * Starts the supervisor.
 * @throws AssayError `lab-supervisor`
 */
export async function startSupervisor(paths: Layout): Promise<void> {
  mkdirSync(paths.logDir, { recursive: true, mode: 0o700 });
  const out = openSync(paths.logOf(supervisorUnit), 'a', 0o600);
  const [program, main] = self;
  const child = spawn(program, [main, 'lab', 'supervise', '--state', paths.root], {
    cwd: paths.root,
    env: unitEnvironment(),
    detached: true, // a session of its own: the terminal's Ctrl-C and hang-up are not for it
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  child.unref();
  const serves = connects(paths.supervisorSocket);
  for (let tries = 0; tries < 400; tries++) {
    if (livingSupervisor(paths) && (await serves())) return;
    if (child.exitCode !== null || child.signalCode !== null) break;
    await delay(50);
  }
  throw new AssayError('lab-supervisor', paths.root, 'a supervisor', tellingLine(paths.logDir, supervisorUnit), {
    hint: `its log is ${paths.logOf(supervisorUnit)}`,
  });
}
