// Where does a storage test get a PostgreSQL? From a cluster of its own, started once per test process, as an
// unprivileged user, in a temporary folder, reached through a Unix socket only.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import pg from 'pg';

type Cluster = { folder: string; process: ChildProcess };
let cluster: Promise<Cluster> | undefined;

/** An empty database; `drop` also ends connections that are still open. */
export async function freshPostgres(): Promise<{ url: string; drop: () => Promise<void> }> {
  cluster ??= start();
  const { folder } = await cluster;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asked(folder, `create database ${name}`);
  return { url: urlOf(folder, name), drop: () => asked(folder, `drop database if exists ${name} with (force)`) };
}

/** Ends the cluster; a test may do it on purpose to see what a lost server does. */
export async function stopPostgres(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
  if (!cluster) return;
  const { process: server, folder } = await cluster;
  cluster = undefined;
  if (server.exitCode === null && server.signalCode === null) {
    server.ref(); // else the test process ends first, and leaves the folder behind
    const ended = once(server, 'exit');
    server.kill(signal); // SIGINT: fast shutdown, SIGQUIT: at once
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}

after(() => stopPostgres());

const urlOf = (folder: string, name: string) => `postgresql://assay@${encodeURIComponent(folder)}/${name}`;

async function asked(folder: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(folder, 'postgres') });
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function start(): Promise<Cluster> {
  const bin = binaries();
  const user = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'assay-pg-'));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const as = { ...user, cwd: folder };
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'assay', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    {
      ...as,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const settings = [
    'listen_addresses=',
    'fsync=off',
    'max_connections=40',
    'shared_buffers=16MB',
    'log_min_messages=fatal',
  ];
  const server = spawn(join(bin, 'postgres'), ['-D', data, '-k', folder, ...settings.flatMap((s) => ['-c', s])], {
    ...as,
    stdio: 'ignore',
  });
  process.once('exit', () => server.kill('SIGQUIT'));
  for (let tries = 0; ; tries++) {
    try {
      await asked(folder, 'select 1');
      server.unref();
      return { folder, process: server };
    } catch (error) {
      if (server.exitCode !== null || tries > 200) throw error;
      await new Promise((later) => setTimeout(later, 25));
    }
  }
}

function binaries(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  if (!found) throw new Error(`no PostgreSQL below ${root}: run scripts/setup test`);
  return found;
}

/** PostgreSQL refuses to run as root. */
function idsOf(name: string): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  if (!line) throw new Error(`no user ${name}`);
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}
