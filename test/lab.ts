// A whole cloud for end-to-end tests: started by `assay up` on free ports, in a folder of its own, beside any other.
import { type ExecFileException, execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const assay = fileURLToPath(new URL('../assay', import.meta.url));

export type Outcome = { code: number; stdout: string; stderr: string };
export type Lab = {
  /** State folder. */
  dir: string;
  /** What sourcing the openrc gives: OS_* for stock clients, ASSAY_* for operator commands. */
  env: NodeJS.ProcessEnv;
  /** `assay ARGS`; commands of the lab itself are told which one by `state`. */
  cli(...args: string[]): Promise<Outcome>;
  nova(...args: string[]): Promise<Outcome>;
  openstack(...args: string[]): Promise<Outcome>;
  /** `--state DIR`, for `cli('lab', 'reboot', 'node2', ...lab.state)`. */
  state: readonly ['--state', string];
  /** Ends everything and removes the folder. */
  stop(): Promise<void>;
};

export async function startLab(dir = mkdtempSync(join(tmpdir(), 'assay-lab-'))): Promise<Lab> {
  const state = ['--state', dir] as const;
  const up = await outcome(assay, ['up', ...state, '--ports', 'auto'], process.env);
  if (up.code !== 0) throw new Error(`assay up: ${up.stdout}${up.stderr}`);
  const env = sourced(join(dir, 'openrc'));
  return {
    dir,
    env,
    state,
    cli: (...args) => outcome(assay, args, env),
    nova: (...args) => outcome('nova', args, env),
    openstack: (...args) => outcome('openstack', args, env),
    async stop() {
      const down = await outcome(assay, ['down', ...state], process.env);
      if (down.code !== 0) throw new Error(`assay down: ${down.stdout}${down.stderr}`);
      rmSync(dir, { recursive: true });
    },
  };
}

/** The environment after `. FILE`. */
function sourced(file: string): NodeJS.ProcessEnv {
  const text = execFileSync('/bin/sh', ['-c', '. "$1"; env -0', 'sh', file], { encoding: 'utf8' });
  return Object.fromEntries(text.split('\0').flatMap((line) => (line ? [split(line)] : [])));
}

function split(line: string): [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

function outcome(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((done) => {
    execFile(program, args, { env, maxBuffer: 16 << 20 }, (error: ExecFileException | null, stdout, stderr) =>
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr }),
    );
  });
}
