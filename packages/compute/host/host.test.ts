// A compute host as it is: its own process, real QEMU guests of the image assay-mini, the conductor over TLS.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isAlive, listenUnix, systemClock } from '@assay/daemon';
import { type Cloud, present, startCloud } from '../conductor/testing/cloud.ts';
import { akNameOf } from '../link/testing/attestation-server.ts';
import { changeInstance } from '../storage/index.ts';
import { kill, type ProcessId } from './process.ts';
import { connectQmp } from './qmp.ts';
import { readRecord, readRecords } from './record.ts';
import { guestImage } from './testing/guest-image.ts';

const root = process.getuid?.() === 0;
const { bootId } = systemClock;
const program = fileURLToPath(new URL('testing/run-host.ts', import.meta.url));
const image = guestImage();

let cloud: Cloud;
let config: string;
let host: ChildProcess;
const paths = { instances: '', ports: '', agent: '' };

before(async () => {
  cloud = await startCloud({ hosts: {}, image });
  cloud.peer.trust.set('node1', 'trusted');
  // Long, and closed to everybody else, as a checkout in root's home is.
  const state = join(cloud.folder, 'a-folder-with-a-name-so-long-that-no-unix-socket-fits-below-it'.repeat(2));
  mkdirSync(state, { mode: 0o700 });
  for (const name of ['instances', 'ports', 'agent'] as const) paths[name] = join(state, name);
  mkdirSync(paths.agent);
  writeFileSync(
    join(paths.agent, 'ak.json'),
    JSON.stringify({ version: 1, ak_name: akNameOf('node1'), ak_public: 'AAAA' }),
  );
  const { certFile, keyFile } = cloud.pki.host('node1');
  config = join(cloud.folder, 'assay.conf');
  const lines = {
    host: 'node1',
    compute_api: `https://127.0.0.1:${cloud.conductor.port}`,
    ca_file: cloud.pki.caFile,
    cert_file: certFile,
    key_file: keyFile,
    attestation_server: cloud.peer.origin,
    agent_state_dir: paths.agent,
    instances_dir: paths.instances,
    image_cache_dir: join(state, 'images'),
    ports_dir: paths.ports,
    memory_mb: 1024,
    accel: 'tcg',
    ...(root ? { qemu_user: 'nobody' } : {}),
  };
  const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(config, ['[compute_host]', ...text, ''].join('\n'));
  await startHost();
});
after(async () => {
  await end('SIGKILL');
  for (const { process } of existsSync(paths.instances) ? await readRecords(paths.instances, () => undefined) : [])
    if (process) kill(process, bootId);
  await cloud?.stop();
});

async function startHost(): Promise<void> {
  const log = openSync(join(cloud.folder, 'compute-host.log'), 'a');
  host = spawn(process.execPath, [program, config], { stdio: ['ignore', log, log] });
  await present(cloud, 'node1');
}
async function end(signal: NodeJS.Signals): Promise<void> {
  if (!host || host.exitCode !== null || host.signalCode !== null) return;
  const ended = once(host, 'exit');
  host.kill(signal);
  await ended;
  while (cloud.conductor.connected('node1')) await sleep(10);
}
const folderOf = (id: string) => join(paths.instances, id);
async function qemuOf(id: string): Promise<ProcessId> {
  const process = (await readRecord(paths.instances, id))?.process;
  assert.ok(process);
  return process;
}
const active = ({ vm_state }: { vm_state: string }) => vm_state === 'active';
const off = ({ vm_state, task_state }: { vm_state: string; task_state: string | null }) =>
  vm_state === 'stopped' && task_state === null;
async function console(id: string, line: RegExp): Promise<string> {
  for (let tries = 0; ; tries++) {
    const text = await cloud.conductor.console(id);
    if (line.test(text)) return text;
    if (tries > 1_200) assert.fail(`no ${line} on the console:\n${text}`);
    await sleep(50);
  }
}
async function ask(id: string, action: 'stop' | 'start' | 'reboot'): Promise<void> {
  const wanted = action === 'stop' ? 'stopped' : 'active';
  const task_state = ({ stop: 'powering-off', start: 'powering-on', reboot: 'rebooting' } as const)[action];
  await changeInstance(cloud.db, id, { wanted, task_state }, new Date());
  cloud.conductor.setPower(id, action);
  await cloud.conductor.idle();
}
async function remove(id: string): Promise<void> {
  await changeInstance(cloud.db, id, { wanted: 'deleted', task_state: 'deleting' }, new Date());
  cloud.conductor.remove(id);
  await cloud.until(id, ({ vm_state }) => vm_state === 'deleted');
  assert.ok(!existsSync(folderOf(id)));
  assert.ok(!existsSync(join(paths.ports, `${id}.json`)));
}

/** What the metadata proxy does: listens where the guest's ports file says. */
async function metadata(id: string): Promise<Server> {
  const file = join(paths.ports, `${id}.json`);
  while (!existsSync(file)) await sleep(10);
  const { socket } = JSON.parse(readFileSync(file, 'utf8')) as { socket: string };
  const server = createServer((request, response) => {
    const known = request.url?.endsWith('/meta_data.json');
    const text = known ? JSON.stringify({ uuid: id, hostname: 'web1', name: 'web1' }) : '';
    response.writeHead(known ? 200 : 404, { connection: 'close' }).end(text);
  });
  await listenUnix(server, socket, { mode: 0o666 });
  return server;
}

test('a guest boots, is nobody, reaches its metadata, outlives a compute-host that is killed, and may power itself off unwatched', async () => {
  const { id } = await cloud.boot({ trust: 'trusted' });
  const server = await metadata(id);
  assert.equal((await cloud.until(id, active)).host, 'node1');
  assert.match(await console(id, /assay-mini: ready/), new RegExp(`uuid: ${id}`));
  server.close();

  const qemu = await qemuOf(id);
  const status = readFileSync(`/proc/${qemu.pid}/status`, 'utf8');
  const [, uid] = /^Uid:\t(\d+)\t\1\t\1\t\1$/m.exec(status) ?? [];
  assert.ok(Number(uid) > 0);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Seccomp:\t2$/m);
  if (root) {
    assert.match(status, /^CapBnd:\t0+$/m, 'it can gain nothing back');
    assert.equal(statSync(folderOf(id)).mode & 0o777, 0o710);
    const asQemu = (command: string) =>
      execFileSync('setpriv', ['--reuid=nobody', '--regid=nogroup', '--clear-groups', 'sh', '-c', command], {
        cwd: folderOf(id), // entered as root: the way to it is closed
        stdio: 'pipe',
      });
    asQemu('[ -S metadata.sock ] || [ ! -e metadata.sock ]');
    for (const attempt of ['echo x >x', 'echo x >>console.log', 'cat instance.json', 'ls', 'rm -f qmp.sock'])
      assert.throws(() => asQemu(`exec 2>/dev/null; ${attempt}`), attempt);
  }

  await end('SIGKILL');
  assert.ok(isAlive(qemu, bootId));
  await startHost();
  assert.deepEqual(await qemuOf(id), qemu);
  assert.ok(active(await cloud.row(id)));
  assert.match(await console(id, /./), /assay-mini: ready/);

  await end('SIGKILL');
  await poweredOff(id);
  await startHost();
  assert.equal((await cloud.until(id, off)).wanted, 'stopped');
  assert.ok(!isAlive(qemu, bootId));
  await ask(id, 'start');
  assert.ok(active(await cloud.row(id)));
  assert.ok(isAlive(await qemuOf(id), bootId));
  assert.equal(cloud.peer.requests.filter((request) => request.includes('/v1/tickets')).length, 2);
  await remove(id);
});

/** Somebody presses the guest’s power button while no compute-host is there to see what comes of it. */
async function poweredOff(id: string): Promise<void> {
  const off = Promise.withResolvers<void>();
  const qmp = await connectQmp(join(folderOf(id), 'qmp.sock'), ({ event }) => event === 'SHUTDOWN' && off.resolve());
  const pressing = setInterval(() => void qmp.execute('system_powerdown'), 500); // one that comes too early is lost
  await off.promise;
  clearInterval(pressing);
  qmp.close();
}

test('a guest begins anew in the same QEMU when it is rebooted, and powers off when asked', async () => {
  const { id } = await cloud.boot();
  const server = await metadata(id);
  await cloud.until(id, active);
  await console(id, /assay-mini: ready/);
  const qemu = await qemuOf(id);
  await ask(id, 'reboot');
  assert.ok(active(await cloud.row(id)));
  assert.deepEqual(await qemuOf(id), qemu);
  await console(id, /assay-mini: ready[\s\S]*assay-mini: address/);

  await ask(id, 'stop');
  assert.deepEqual([(await cloud.row(id)).power_state, isAlive(qemu, bootId)], [4, false]);
  assert.match(await console(id, /./), /assay-mini: shutting down[^\0]*$/);
  server.close();
  await remove(id);
});

test('a guest whose QEMU was killed is off, and runs again when its host comes back', async () => {
  const { id } = await cloud.boot();
  await cloud.until(id, active);
  kill(await qemuOf(id), bootId);
  assert.equal((await cloud.until(id, off)).wanted, 'active');
  await end('SIGTERM');
  assert.equal(host.exitCode, 0);
  await startHost();
  await cloud.until(id, active);
  assert.ok(isAlive(await qemuOf(id), bootId));
  await remove(id);
});

test('a trusted instance whose ticket names another attestation key does not start, and nothing of it is left', async () => {
  cloud.peer.akNames.set('node1', akNameOf('another'));
  const { id } = await cloud.boot({ trust: 'trusted' });
  const { fault } = await cloud.until(id, ({ vm_state }) => vm_state === 'error');
  cloud.peer.akNames.clear();
  assert.match(fault?.details ?? '', /attestation key/);
  await cloud.conductor.idle();
  assert.deepEqual(
    readdirSync(paths.instances).filter((name) => !name.startsWith('.')),
    [],
  );
});

test('a compute-host that was stopped until the ticket had expired does not start late', async () => {
  const { sign } = cloud.peer;
  cloud.peer.sign = (claims, header) => sign({ ...claims, exp: Math.floor(Date.now() / 1000) + 2 }, header);
  cloud.peer.beforeTicket = () => host.kill('SIGSTOP');
  const { id } = await cloud.boot({ trust: 'trusted' });
  while (!host.killed) await sleep(10);
  await sleep(2_500); // the ticket's time
  cloud.peer.beforeTicket = () => undefined;
  cloud.peer.sign = sign;
  host.kill('SIGCONT');
  const { fault } = await cloud.until(id, ({ vm_state }) => vm_state === 'error');
  assert.match(fault?.details ?? '', /node1: start: .*still valid/);
  assert.ok(!existsSync(join(folderOf(id), 'console.log')));
});

test('a second compute-host on the same instances is refused in one line', async () => {
  const second = spawn(process.execPath, [program, config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  second.stderr?.on('data', (part) => {
    said += part;
  });
  const [code] = await once(second, 'exit');
  assert.equal(code, 1);
  assert.match(said, /^assay: .*no other compute-host.*\n$/);
});
