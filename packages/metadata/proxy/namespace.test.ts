import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { after, type TestContext, test } from 'node:test';
import { createLog } from '@assay/daemon';
import { RateLimit } from '../rate-limit.ts';
import { createDesk } from './desk.ts';
import { createDoors } from './doors.ts';
import { comesFrom } from './namespace.ts';
import { type Guest, parseGuest } from './ports.ts';
import { sessionTokens } from './session-token.ts';

const tag = `assay${process.pid}`;
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
const made: string[] = [];
function namespace(name: string): string {
  const own = `${tag}${name}`;
  ip('netns', 'add', own);
  made.push(own);
  ip('-n', own, 'link', 'set', 'lo', 'up');
  return own;
}
/** A cable between two namespaces, with an address at each end. */
function cable(a: string, addressOfA: string, b: string, addressOfB: string): void {
  const name = randomUUID().slice(0, 6);
  ip('-n', a, 'link', 'add', `a${name}`, 'type', 'veth', 'peer', 'name', `b${name}`, 'netns', b);
  for (const [where, link, address] of [
    [a, `a${name}`, addressOfA],
    [b, `b${name}`, addressOfB],
  ] as const) {
    ip('-n', where, 'addr', 'add', address, 'dev', link);
    ip('-n', where, 'link', 'set', link, 'up');
  }
}
const why = (() => {
  if (process.getuid?.() !== 0) return 'only root makes network namespaces';
  try {
    ip('netns', 'add', tag);
    ip('netns', 'del', tag);
    return false;
  } catch (error) {
    return `no network namespaces here: ${error instanceof Error ? error.message : error}`;
  }
})();

/** What a guest there reads; undefined when no answer comes. */
async function read(from: string, port = 80): Promise<string | undefined> {
  const request = 'GET /x HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n';
  const script = `exec 3<>/dev/tcp/169.254.169.254/${port} && printf '${request}' >&3 && cat <&3`;
  const child = spawn('ip', ['netns', 'exec', from, 'timeout', '2', 'bash', '-c', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const text = `${Buffer.concat(await Array.fromAsync(child.stdout as AsyncIterable<Buffer>))}`;
  return text === '' ? undefined : text.split('\r\n\r\n')[1];
}

/** Doors of these guests; each is answered with its own id. */
async function open(t: TestContext, guests: Guest[]) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('test', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
  const ask = async ({ instance_id }: Guest) => ({ status: 200, headers: {}, body: Buffer.from(instance_id) });
  const tokens = sessionTokens('a secret of enough letters');
  const desk = createDesk({ upstream: { ask }, tokens, rate: new RateLimit([]), log });
  const doors = createDoors(desk.door, { log, backlog: 16 });
  t.after(async () => {
    await doors.close();
    desk.close();
  });
  doors.set(new Map(guests.map((guest) => [guest.instance_id, guest])));
  await doors.settled();
  return { lines, doors };
}
const guestIn = (namespace: string, address = '10.9.0.2', listen = '169.254.169.254:80'): Guest => ({
  instance_id: randomUUID(),
  project_id: 'a'.repeat(32),
  address,
  namespace,
  listen,
});
/** A namespace for the door, and a guest's beside it. */
function neighbours(name: string) {
  const [door, guest] = [namespace(`${name}d`), namespace(`${name}g`)];
  cable(guest, '10.9.0.2/24', door, '10.9.0.1/24');
  ip('-n', door, 'addr', 'add', '169.254.169.254/32', 'dev', 'lo');
  ip('-n', guest, 'route', 'add', '169.254.169.254', 'via', '10.9.0.1');
  return { door, guest };
}
after(() => {
  for (const one of made) ip('netns', 'del', one);
});

test('M06 a guest on the link reads, one behind a router does not: answers have a hop limit of 1', {
  skip: why,
}, async (t) => {
  const { door, guest: router } = neighbours('h');
  const behind = namespace('hf');
  cable(behind, '10.9.1.2/24', router, '10.9.1.1/24');
  ip('-n', behind, 'route', 'add', 'default', 'via', '10.9.1.1');
  ip('-n', door, 'route', 'add', '10.9.1.0/24', 'via', '10.9.0.2');
  ip('netns', 'exec', router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  const [near, far] = [guestIn(door), guestIn(door, '10.9.1.2', '169.254.169.254:81')];
  const { lines } = await open(t, [near, far]);
  assert.equal(lines.filter(({ msg }) => msg === 'door open').length, 2, JSON.stringify(lines));
  assert.equal(await read(router), near.instance_id);
  assert.equal(await read(behind, 81), undefined);
  ip('netns', 'exec', door, 'sh', '-c', 'echo 64 > /proc/sys/net/ipv4/ip_default_ttl');
  assert.equal(await read(behind, 81), far.instance_id, 'only the hop limit was between them');
});

test('M05 two guests with one address in two networks get each its own', { skip: why }, async (t) => {
  const [one, other] = [neighbours('a'), neighbours('b')];
  const guests = [guestIn(one.door), guestIn(other.door)] as const;
  await open(t, [...guests]);
  assert.equal(await read(one.guest), guests[0].instance_id);
  assert.equal(await read(other.guest), guests[1].instance_id);
});

test('M05 a neighbour with another address than the guest’s reads nothing', { skip: why }, async (t) => {
  const { door, guest } = neighbours('s');
  ip('netns', 'exec', guest, 'ip', 'addr', 'add', '10.9.0.3/32', 'dev', 'lo');
  ip('-n', guest, 'route', 'replace', '169.254.169.254', 'via', '10.9.0.1', 'src', '10.9.0.3');
  ip('-n', door, 'route', 'add', '10.9.0.3/32', 'via', '10.9.0.2');
  const own = guestIn(door);
  await open(t, [own]);
  assert.equal(await read(guest), undefined);
  ip('-n', guest, 'route', 'replace', '169.254.169.254', 'via', '10.9.0.1');
  assert.equal(await read(guest), own.instance_id);
});

test('a door that cannot open where its file says is told once, with what to do, and keeps no other from opening', {
  skip: why,
}, async (t) => {
  const { door, guest } = neighbours('e');
  const [good, double] = [guestIn(door), guestIn(door)];
  const { lines, doors } = await open(t, [good, double, guestIn('nosuch'), guestIn(door, '10.9.0.2', '192.0.2.1:80')]);
  doors.set(new Map([good, double].map((one) => [one.instance_id, one])));
  await doors.settled();
  assert.equal(await read(guest), good.instance_id);
  const codes = lines.flatMap(({ err }) => (err as { code?: string } | undefined)?.code ?? []);
  assert.deepEqual(codes, ['listen-in-use', 'listen-address', 'listen-address']);
});

test('whose connection it is, is seen whatever form its address has', () => {
  const from = (remoteAddress: string) => ({ remoteAddress }) as Socket;
  const four = comesFrom('10.9.0.2');
  for (const own of ['10.9.0.2', '::ffff:10.9.0.2', 'fe80::1%eth0']) assert.equal(four(from(own)), true, own);
  for (const other of ['10.9.0.3', '::ffff:10.9.0.3', '2001:db8::1', '', 'x'])
    assert.equal(four(from(other)), false, other);
  assert.equal(comesFrom('2001:DB8:0::1')(from('2001:db8::1')), true);
});

test('a ports file names a socket, or an address in a namespace, never both or half', () => {
  const { listen, namespace: name, ...who } = guestIn('net-1');
  const file = `/x/${who.instance_id}.json`;
  const parse = (place: object) => parseGuest(JSON.stringify({ ...who, ...place }), file);
  assert.deepEqual(parse({ listen, namespace: name }), { ...who, listen, namespace: name });
  assert.equal(parse({ listen: '[fe80::a9fe:a9fe%tap0]:80', namespace: name }).listen, '[fe80::a9fe:a9fe%tap0]:80');
  for (const place of [
    { listen },
    { namespace: name },
    { listen, namespace: name, socket: '/x/y' },
    { listen: 'host:80', namespace: name },
    { listen: '169.254.169.254', namespace: name },
    { listen: '169.254.169.254:0', namespace: name },
    { listen, namespace: '../x' },
    { listen, namespace: 'a b' },
    { listen, namespace: '' },
  ])
    assert.throws(() => parse(place), { code: 'port-file-invalid' }, JSON.stringify(place));
});
