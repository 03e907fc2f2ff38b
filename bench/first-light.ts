// What does attestation cost here: time until a cloud is trusted, CPU of a round, time added to a boot? On a lab of its own, beside
// any other. Figures of one machine; the ratios carry further than the milliseconds.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { arch, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { httpsAgent, httpsRequest } from '@assay/daemon';

const assay = join(import.meta.dirname, '../assay');
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
const state = ['--state', folder];
const agent = httpsAgent();

/** Seconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** CPU a process has used so far, in ms: utime and stime, which stand after its name (proc(5)). */
function cpuMs(unit: string): number {
  const { pid } = JSON.parse(readFileSync(join(folder, `run/${unit}.json`), 'utf8')) as { pid: number };
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

const table: [what: string, measured: string, goal: string][] = [];
const shown = (value: number, unit: string) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
function spread(values: readonly number[], unit: string): string {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, middle, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)] as [number, number, number];
  return `${shown(middle, unit)} (${shown(least, unit)} to ${shown(most, unit)})`;
}

type Environment = Record<string, string>;
const environment = (): Environment =>
  Object.fromEntries(
    execFileSync('/bin/sh', ['-c', '. "$1"; env -0', 'sh', join(folder, 'openrc')], { encoding: 'utf8' })
      .split('\0')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** CPU of server, agent and TPM for one round that was asked for, less what they use meanwhile anyway. */
async function rounds(env: Environment, ca: Buffer): Promise<void> {
  const units = ['attestation-server', 'node1-agent', 'node1-tpm'];
  const headers = { 'x-auth-blob': readFileSync(String(env['ASSAY_AUTH_BLOB_FILE']), 'utf8').trim() };
  const round = async () => {
    const url = `${env['ASSAY_SERVER']}/v1/hosts/node1/attest`;
    const { status, body } = await httpsRequest({ url, method: 'POST', headers, ca, agent });
    if (status !== 200) throw new Error(`${url}: ${status} ${body}`);
  };
  for (let warm = 0; warm < 200; warm++) await round();
  const used = async (work: () => Promise<unknown>) => {
    const before = units.map(cpuMs);
    const seconds = await timed(work);
    return { seconds, cpu: units.map((unit, at) => cpuMs(unit) - (before[at] as number)) };
  };
  const idle = await used(() => delay(15_000));
  const count = 400;
  const latency: number[] = [];
  const busy = await used(async () => {
    for (let at = 0; at < count; at++) latency.push((await timed(round)) * 1000);
  });
  units.forEach((unit, at) => {
    const resting = ((idle.cpu[at] as number) / idle.seconds) * busy.seconds;
    const each = ((busy.cpu[at] as number) - resting) / count;
    const what = { 'attestation-server': 'server', 'node1-agent': 'agent', 'node1-tpm': 'software TPM' }[unit];
    table.push([`CPU of one round: ${what}`, shown(each, 'ms'), '']);
  });
  table.push(['one round, asked for over REST, wall clock', spread(latency, 'ms'), '']);
}

/** From the request to ACTIVE, of a flavor that asks for trust and of one that does not, in turn. */
async function boots(env: Environment, ca: Buffer): Promise<void> {
  const domain = { name: 'Default' };
  const user = { name: env['OS_USERNAME'], domain, password: env['OS_PASSWORD'] };
  const project = { name: env['OS_PROJECT_NAME'], domain };
  const auth = { identity: { methods: ['password'], password: { user } }, scope: { project } };
  const granted = await httpsRequest({ url: `${env['OS_AUTH_URL']}/auth/tokens`, method: 'POST', body: { auth }, ca });
  type Catalog = { token: { catalog: { type: string; endpoints: { interface: string; url: string }[] }[] } };
  const { token } = JSON.parse(String(granted.body)) as Catalog;
  const compute = token.catalog
    .find(({ type }) => type === 'compute')
    ?.endpoints.find((one) => one.interface === 'public')?.url;
  const ask = async (method: string, path: string, body?: unknown) => {
    const headers = { 'x-auth-token': String(granted.headers['x-subject-token']) };
    const answer = await httpsRequest({
      url: `${compute}${path}`,
      method,
      headers,
      ca,
      agent,
      ...(body !== undefined && { body }),
    });
    if (answer.status >= 400 && answer.status !== 404) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return { status: answer.status, json: JSON.parse(String(answer.body) || '{}') };
  };
  const { json: images } = await ask('GET', '/images');
  const { json: flavors } = await ask('GET', '/flavors/detail');
  const flavor = flavors.flavors.find(({ name }: { name: string }) => name === 'm1.tiny');
  const boot = async () => {
    const wanted = { name: 'bench', flavorRef: flavor.id, imageRef: images.images[0].id };
    const start = performance.now();
    const { json } = await ask('POST', '/servers', { server: wanted });
    const path = `/servers/${json.server.id}`;
    for (;;) {
      const { server } = (await ask('GET', path)).json;
      if (server.status === 'ERROR') throw new Error(`a boot failed: ${server.fault?.message}`);
      if (server.status === 'ACTIVE') break;
      await delay(5);
    }
    const ms = performance.now() - start;
    await ask('DELETE', path);
    while ((await ask('GET', path)).status !== 404) await delay(50);
    return ms;
  };
  const [plain, trusted]: [number[], number[]] = [[], []];
  const specs = `/flavors/${flavor.id}/os-extra_specs`;
  await boot();
  for (let at = 0; at < 7; at++) {
    plain.push(await boot());
    await ask('POST', specs, { extra_specs: { 'trust:trusted_host': 'trusted' } });
    trusted.push(await boot());
    await ask('DELETE', `${specs}/trust:trusted_host`);
  }
  const middle = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
  table.push(['boot to ACTIVE, no trust asked for', spread(plain, 'ms'), '']);
  table.push(['boot to ACTIVE, trusted', spread(trusted, 'ms'), '']);
  const added = middle(trusted) - middle(plain);
  table.push([
    'what attestation adds to a boot',
    `${shown(added, 'ms')}, × ${(middle(trusted) / middle(plain)).toFixed(2)}`,
    '',
  ]);
}

try {
  const up = () => run(assay, ['up', ...state, '--ports', 'auto']);
  table.push(['first up, everything installed, to three verdicts', shown(await timed(up), 's'), '≤ 30 s']);
  const env = environment();
  const ca = readFileSync(String(env['OS_CACERT']));
  await rounds(env, ca);
  await boots(env, ca);
  await run(assay, ['down', ...state]);
  table.push(['second up', shown(await timed(up), 's'), '≤ 15 s']);
  const [{ model = 'unknown' } = {}] = cpus();
  console.log(`${model.trim()}, ${cpus().length} cores, ${arch()}, Linux ${release()}, Node ${process.version}`);
  console.log('median (least to most)\n');
  for (const [what, measured, goal] of table) console.log(`${what.padEnd(52)} ${measured.padEnd(28)} ${goal}`);
} finally {
  agent.destroy();
  await run(assay, ['down', ...state]);
  rmSync(folder, { recursive: true });
}
