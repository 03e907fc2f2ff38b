import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { testClock, testPki } from '@assay/daemon/testing';
import { ticketCheck } from '../link/index.ts';
import { type AttestationPeer, akNameOf, attestationPeer } from '../link/testing/attestation-server.ts';
import { permissionOf } from './permission.ts';
import { exampleSpec } from './testing/spec.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-permission-'));
const agentStateDir = join(folder);
let peer: AttestationPeer;
let clock: ReturnType<typeof testClock>;
before(async () => {
  const pki = testPki(folder);
  peer = await attestationPeer(pki.server(), pki);
});
after(async () => {
  await peer.close();
  rmSync(folder, { recursive: true });
});
const enrolled = (host: string) =>
  writeFileSync(join(folder, 'ak.json'), JSON.stringify({ version: 1, ak_name: akNameOf(host), ak_public: 'AAAA' }));
beforeEach(() => {
  clock = testClock(Date.now());
  enrolled('node1');
});

const spec = exampleSpec({ trust: 'trusted' });
const permission = () => permissionOf(ticketCheck(peer.access, clock), { host: 'node1', agentStateDir, clock });
const ticket = (claims: Record<string, unknown> = {}) =>
  peer.sign({ sub: spec.id, host: 'node1', ak_name: akNameOf('node1'), ...claims });
const refused = (code: string) => ({ name: 'AssayError', code, where: `ticket for instance ${spec.id}` });

test('a ticket for this instance, this host and its attestation key is a permission', async () => {
  const mayRun = await permission()(spec, await ticket());
  mayRun();
});

test('without a ticket, or with one for another instance, host or attestation key, there is none', async () => {
  const ask = permission();
  await assert.rejects(ask(spec, undefined), refused('ticket-missing'));
  for (const claims of [{ sub: exampleSpec().id }, { host: 'node2' }, { ak_name: akNameOf('node2') }])
    await assert.rejects(ask(spec, await ticket(claims)), refused('ticket-invalid'), JSON.stringify(claims));
});

test('an instance of a pool needs a ticket that names this pool, one of no pool a ticket that names none', async () => {
  const ask = permission();
  const ofPool = { ...spec, pool: 'secure' };
  (await ask(ofPool, await ticket({ pool: 'secure' })))();
  await assert.rejects(ask(ofPool, await ticket()), refused('ticket-invalid'));
  await assert.rejects(ask(ofPool, await ticket({ pool: 'other' })), refused('ticket-invalid'));
  await assert.rejects(ask(spec, await ticket({ pool: 'secure' })), refused('ticket-invalid'));
  const { pool: _, ...older } = spec;
  (await ask(older, await ticket()))();
});

test('a host whose agent enrolled another key since, or none, takes no ticket of the former', async () => {
  enrolled('another');
  await assert.rejects(permission()(spec, await ticket()), refused('ticket-invalid'));
  for (const text of ['', '{}', '{"version":1}']) {
    writeFileSync(join(folder, 'ak.json'), text);
    await assert.rejects(permission()(spec, await ticket()), refused('ticket-invalid'), text);
  }
  rmSync(join(folder, 'ak.json'));
  await assert.rejects(permission()(spec, await ticket()), refused('ticket-invalid'));
});

test('a permission ends with its ticket, by the wall clock and by the boot clock, whatever comes first', async () => {
  const late = async () => (await permission()(spec, await ticket())) as () => void;
  const waited = await late();
  clock.pass(19_000);
  waited();
  clock.pass(2_000);
  assert.throws(waited, refused('ticket-expired'));
  clock = testClock(Date.now());
  const setBack = await late();
  clock.pass(25_000);
  clock.step(-3_600_000);
  assert.throws(setBack, refused('ticket-expired'));
  clock = testClock(Date.now());
  const stepped = await late();
  clock.step(25_000);
  assert.throws(stepped, refused('ticket-expired'));
});

test('a host that knows no attestation server runs nothing trusted', async () => {
  const ask = permissionOf(undefined, { host: 'node1', agentStateDir, clock });
  await assert.rejects(ask(spec, await ticket()), refused('ticket-keys'));
});

test('with the attestation server away and no key known there is no permission; with its key known there is', async () => {
  const [known, fresh] = [permission(), permission()];
  await known(spec, await ticket());
  const text = await ticket();
  await peer.close();
  try {
    await assert.rejects(fresh(spec, text), { name: 'AssayError' });
    (await known(spec, text))();
  } finally {
    await peer.listen();
  }
});

test('what nobody asked to be trusted needs no ticket', async () => {
  for (const trust of [null, 'untrusted', 'unknown'] as const)
    (await permission()(exampleSpec({ trust }), undefined))();
});
