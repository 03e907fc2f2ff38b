import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AssayError } from '@assay/core';
import { createLog } from '@assay/daemon';
import { testClock } from '@assay/daemon/testing';
import {
  check,
  components,
  defaultPool,
  TicketClaims,
  type Trust,
  ticketAudience,
  ticketIssuer,
  ticketType,
} from '@assay/protocol';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { createRegistry } from '../registry/registry.ts';
import { issueTicket } from './issue.ts';
import { ticketKey } from './key.ts';

function keyFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-tickets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'ticket-key.pem');
}

const instance = '7f0f5a5e-0f3e-4a57-9c6d-3f3e0c9f6a11';
const akName = `000b${'ab'.repeat(32)}`;

/** A host whose next round comes to `trust`. */
async function world(t: TestContext, { trust = 'trusted' as Trust, lifetimeMs = 90_000 } = {}) {
  const clock = testClock();
  const registry = createRegistry({ clock, log: createLog('test', 'silent') });
  const key = await ticketKey(keyFile(t));
  registry.add('node1');
  let round = 0;
  const attest = (result: Trust) => {
    const now = clock.now();
    const verdict = {
      host: 'node1',
      pool: defaultPool,
      trust: result,
      reason: `because ${result}`,
      components: components.map((component) => ({ component, trust: result, reason: 'x' })),
      findings: [],
      software_tpm: false,
      ak_name: akName,
      verified_at: now.toISOString(),
      expires_at: new Date(now.getTime() + lifetimeMs).toISOString(),
    };
    const at = { uptimeMs: clock.uptimeMs(), bootId: clock.bootId };
    registry.accept({ host: 'node1', verdicts: [verdict], round: ++round, revision: 1, ...at });
    return { verdict, verdicts: [verdict], authentic: true, measured: () => undefined, goesOn: false };
  };
  const needs = {
    clock,
    registry,
    ticketKey: key,
    switchboard: { attestNow: async (_host: string, _limits: { deadlineMs: number }) => attest(trust) },
  };
  return { needs, clock, attest, key, ask: () => issueTicket(needs, { instance_id: instance, host: 'node1' }) };
}

test('a ticket names instance, host and key, and ends within 30 seconds', async (t) => {
  const { ask, key, clock } = await world(t);
  const issued = await ask();
  assert.ok('ticket' in issued);
  const { payload, protectedHeader } = await jwtVerify(issued.ticket, createLocalJWKSet(key.jwks), {
    issuer: ticketIssuer,
    audience: ticketAudience,
    typ: ticketType,
    algorithms: ['ES256'],
    currentDate: clock.now(),
  });
  assert.equal(protectedHeader.kid, key.kid);
  const claims = check(TicketClaims, payload, 'ticket');
  assert.deepEqual([claims.sub, claims.host, claims.ak_name], [instance, 'node1', akName]);
  assert.equal(claims.exp - claims.iat, 30);
  assert.equal(issued.expires_at, '2026-11-23T10:00:30.000Z');
});

test('a ticket never outlives the verdict it stands on', async (t) => {
  const { ask } = await world(t, { lifetimeMs: 12_500 });
  const issued = await ask();
  assert.ok('ticket' in issued);
  assert.equal(issued.expires_at, '2026-11-23T10:00:12.000Z');
});

test('there is no ticket on a verdict about to expire', async (t) => {
  const { ask } = await world(t, { lifetimeMs: 900 });
  assert.ok(!('ticket' in (await ask())));
});

for (const trust of ['untrusted', 'unknown'] as const)
  test(`a host that is ${trust} now gets no ticket, and the reason is told`, async (t) => {
    const { ask, attest } = await world(t, { trust });
    attest('trusted'); // an earlier verdict helps nothing
    const refusal = await ask();
    assert.ok(!('ticket' in refusal));
    assert.deepEqual([refusal.trust, refusal.reason], [trust, `because ${trust}`]);
  });

test('a host that does not answer gets no ticket, however fresh its last verdict', async (t) => {
  const { needs, attest } = await world(t);
  attest('trusted');
  const silent = {
    ...needs,
    switchboard: {
      attestNow: () => Promise.reject(new AssayError('attest-timeout', 'host node1', 'a verdict', 'none')),
    },
  };
  const refusal = await issueTicket(silent, { instance_id: instance, host: 'node1' });
  assert.ok(!('ticket' in refusal));
  assert.equal(refusal.trust, 'unknown');
});

test('a later verdict that became current meanwhile decides', async (t) => {
  const { needs, attest } = await world(t);
  const overtaken = {
    ...needs,
    switchboard: {
      attestNow: async () => {
        const first = attest('trusted');
        attest('untrusted');
        return first;
      },
    },
  };
  assert.ok(!('ticket' in (await issueTicket(overtaken, { instance_id: instance, host: 'node1' }))));
});

test('a host that is not registered is not asked', async (t) => {
  const { needs } = await world(t);
  const refusal = await issueTicket(needs, { instance_id: instance, host: 'node9' });
  assert.ok(!('ticket' in refusal));
  assert.equal(refusal.reason, 'not registered');
});

test('the key is made once, for its owner alone, and found again', async (t) => {
  const file = keyFile(t);
  const first = await ticketKey(file);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal((await ticketKey(file)).kid, first.kid);
  assert.ok(!JSON.stringify(first.jwks).includes('"d"'));
  chmodSync(file, 0o640);
  await assert.rejects(ticketKey(file), { code: 'config-value' });
  chmodSync(file, 0o600);
  const pem = readFileSync(file, 'utf8');
  for (const bad of ['', 'x', pem.slice(0, 60)]) {
    writeFileSync(file, bad);
    await assert.rejects(ticketKey(file), { code: 'config-value' });
    assert.equal(readFileSync(file, 'utf8'), bad, 'a file that is not a key is left alone');
  }
});
