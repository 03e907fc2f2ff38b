import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AssayError } from '@assay/core';
import { type Clock, systemClock } from '@assay/daemon';
import { testPki } from '@assay/daemon/testing';
import { generateKeyPair, SignJWT } from 'jose';
import { type AttestationPeer, akNameOf, attestationPeer } from './testing/attestation-server.ts';
import { type CheckTicket, mustBeValid, ticketCheck } from './ticket.ts';

let folder: string;
let peer: AttestationPeer;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-ticket-'));
  const pki = testPki(folder);
  peer = await attestationPeer(pki.server(), pki);
});
after(async () => {
  await peer.close();
  rmSync(folder, { recursive: true });
});

const instance = randomUUID();
const wanted = { instance, host: 'node1', pool: null };
const claims = (change: Record<string, unknown> = {}) => ({
  sub: instance,
  host: 'node1',
  ak_name: akNameOf('node1'),
  ...change,
});
const code = (code: string) => (error: unknown) => {
  assert.ok(error instanceof AssayError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};
const checker = (clock: Clock = systemClock) => ticketCheck(peer.access, clock);
/** A clock that differs from the machine's by what is set. */
function shifted() {
  const by = { wallMs: 0, uptimeMs: 0 };
  const clock: Clock = {
    now: () => new Date(Date.now() + by.wallMs),
    uptimeMs: () => systemClock.uptimeMs() + by.uptimeMs,
    bootId: systemClock.bootId,
  };
  return { by, clock };
}

test('a ticket for this instance on this host is valid', async () => {
  const ticket = await checker()(await peer.sign(claims()), wanted);
  assert.equal(ticket.claims.ak_name, akNameOf('node1'));
  mustBeValid(ticket, systemClock);
});

test('a ticket is void for another instance, another host, another issuer, audience or type, and when a claim is missing', async () => {
  const check = checker();
  const now = Math.floor(Date.now() / 1000);
  for (const [change, header] of [
    [{ sub: randomUUID() }],
    [{ host: 'node2' }],
    [{ iss: 'somebody' }],
    [{ aud: 'another' }],
    [{ ak_name: 'xyz' }],
    [{ jti: undefined }],
    [{ host: undefined }],
    [{ exp: undefined }],
    [{ exp: now + 31, iat: now }],
    [{}, { typ: 'JWT' }],
    [{}, { typ: undefined }],
    [{}, { kid: 'unknown' }],
  ] as [Record<string, unknown>, Record<string, unknown>?][])
    await assert.rejects(check(await peer.sign(claims(change), header), wanted), code('ticket-invalid'));
});

test('a ticket is void for another pool than the instance asks for, and a name left out is the default pool', async () => {
  const check = checker();
  const inPool = (pool: string | null) => ({ ...wanted, pool });
  for (const [claim, wish] of [
    ['secure', 'secure'],
    ['default', null],
    [undefined, 'default'],
  ] as const)
    await check(await peer.sign(claims({ pool: claim })), inPool(wish));
  for (const [claim, wish] of [
    ['secure', null],
    [undefined, 'secure'],
    ['default', 'secure'],
    ['secure', 'default'],
    ['other', 'secure'],
    ['Secure', 'secure'],
    [7, null],
  ] as const)
    await assert.rejects(check(await peer.sign(claims({ pool: claim })), inPool(wish)), code('ticket-invalid'));
});

test('a ticket signed by anybody else, altered, or not signed at all is void', async () => {
  const check = checker();
  const good = await peer.sign(claims());
  const [head, body, signature] = good.split('.') as [string, string, string];
  const other = await generateKeyPair('ES256');
  const { payload, protectedHeader } = {
    payload: JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>,
    protectedHeader: JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg: string; kid: string },
  };
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const text of [
    await new SignJWT(payload).setProtectedHeader(protectedHeader).sign(other.privateKey),
    `${head}.${encoded({ ...payload, host: 'node2' })}.${signature}`,
    `${encoded({ ...protectedHeader, alg: 'none' })}.${body}.`,
    `${head}.${body}.`,
    'no ticket',
    '',
  ])
    await assert.rejects(check(text, wanted), code('ticket-invalid'));
});

test('a ticket ends with its expiry by the wall clock, and by the boot clock when the wall clock is set back', async () => {
  const { by, clock } = shifted();
  const check = checker(clock);
  const ticket = await check(await peer.sign(claims()), wanted);
  mustBeValid(ticket, clock);
  by.wallMs = 20_000;
  assert.throws(() => mustBeValid(ticket, clock), code('ticket-expired'));
  await assert.rejects(check(ticket.text, wanted), code('ticket-expired'));
  by.wallMs = 0;
  by.uptimeMs = 20_000;
  assert.throws(() => mustBeValid(ticket, clock), code('ticket-expired'));
});

test('a host whose wall clock is late gets no more than the longest lifetime of a ticket', async () => {
  const { by, clock } = shifted();
  by.wallMs = -3_600_000;
  const ticket = await checker(clock)(await peer.sign(claims()), wanted);
  by.uptimeMs = 30_000;
  assert.throws(() => mustBeValid(ticket, clock), code('ticket-expired'));
});

test('keys are fetched once, and again when a ticket names a key that is new', async () => {
  const { by, clock } = shifted();
  const check = checker(clock);
  const fetches = () => peer.requests.filter((request) => request.endsWith('/v1/keys')).length;
  const before = fetches();
  await Promise.all([check(await peer.sign(claims()), wanted), check(await peer.sign(claims()), wanted)]);
  assert.equal(fetches(), before + 1);
  const old = await peer.sign(claims());
  await peer.rotate();
  by.uptimeMs += 1_001;
  await check(await peer.sign(claims()), wanted);
  assert.equal(fetches(), before + 2);
  await assert.rejects(check(old, wanted), code('ticket-invalid'));
  assert.equal(fetches(), before + 2, 'not for every ticket somebody makes up');
});

test('without the attestation server’s keys no ticket is valid; keys that are known are enough for a while', async () => {
  const { by, clock } = shifted();
  const known: CheckTicket = checker(clock);
  const text = await peer.sign(claims());
  await known(text, wanted);
  await peer.close();
  try {
    await known(text, wanted);
    await assert.rejects(checker()(text, wanted), code('ticket-keys'));
    by.uptimeMs += 600_001;
    await assert.rejects(known(text, wanted), code('ticket-keys'));
  } finally {
    await peer.listen();
  }
});
