// Somebody at a shell with OAT's tools, and a server process of ours they speak to: a home with ~/.curlrc, a folder with certfile.cer.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { testPki } from '@assay/daemon/testing';

const tools = join(import.meta.dirname, 'tools.bash');
const assay = join(import.meta.dirname, '../../assay');
const pki = testPki();

export type OatServer = { port: number; secrets: readonly [string, string] };
export type Shell = {
  /** @returns what the tool printed; a tool never fails, whatever the server says */
  run(tool: string, ...args: string[]): Promise<string>;
  /** The same with other variables in the environment. */
  with(env: Record<string, string>): Shell;
  /** `assay ARGS`, typed in the same folder. */
  assay(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  folder: string;
};

/** A process of ours on its OAT port, with two secrets that count. Ends with the test. */
export async function startOatServer(t: TestContext): Promise<OatServer> {
  const folder = temporary(t);
  const file = (name: string) => join(folder, name);
  const { certFile, keyFile } = pki.server();
  const secrets = ['a-secret-for-the-shell-tools', 'operator#a-password-of-old'] as const;
  writeFileSync(file('auth-blob'), `${secrets.join('\n')}\n`, { mode: 0o600 });
  const port = await freePort();
  writeFileSync(
    file('assay.conf'),
    [
      '[attestation_server]',
      ...['listen = 127.0.0.1', 'port = 0', `oat_port = ${port}`],
      ...[`tls_cert_file = ${certFile}`, `tls_key_file = ${keyFile}`],
      ...[`auth_blob_file = ${file('auth-blob')}`, `ticket_key_file = ${file('ticket-key.pem')}`],
      `database = sqlite:${file('attestation.sqlite')}`,
    ].join('\n'),
  );
  const server = spawn(assay, ['attestation-server', '--config-file', file('assay.conf')], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ASSAY_READY_FD: '3' },
  });
  t.after(() => ended(server));
  let said = '';
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (text) => (said += text));
  await Promise.race([
    once(server.stdio[3] as NodeJS.ReadableStream, 'data'),
    once(server, 'exit').then(() => Promise.reject(new Error(said))),
  ]);
  return { port, secrets };
}

/** @param curlrc in the home of whoever types; the first secret unless told otherwise */
export function shellFor(t: TestContext, { port, secrets }: OatServer, curlrc?: string): Shell {
  const folder = temporary(t);
  const home = join(folder, 'home');
  mkdirSync(home);
  writeFileSync(join(home, '.curlrc'), curlrc ?? `header = "x-auth-blob: ${secrets[0]}"\n`, { mode: 0o600 });
  const shell = (env: Record<string, string>): Shell => ({
    folder,
    assay: (...args) =>
      new Promise((done) => {
        execFile(assay, args, { cwd: folder, encoding: 'utf8' }, (error, stdout, stderr) =>
          done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
        );
      }),
    with: (more) => shell({ ...env, ...more }),
    run: (tool, ...args) =>
      new Promise((done, failed) => {
        execFile('bash', [tools, tool, ...args], { cwd: folder, env, encoding: 'utf8' }, (error, stdout, stderr) =>
          error?.code === 'ENOENT' ? failed(error) : done(`${stdout}${stderr}`),
        );
      }),
  });
  return shell({ PATH: process.env['PATH'] ?? '', HOME: home, SERVER_PORT: String(port) });
}

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-oat-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGTERM');
  await once(server, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
