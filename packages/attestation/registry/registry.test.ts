import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '@assay/daemon';
import { testClock } from '@assay/daemon/testing';
import { components, defaultPool, type Trust, type Verdict } from '@assay/protocol';
import fc from 'fast-check';
import { type Change, createRegistry } from './registry.ts';
import { standing } from './standing.ts';

const log = createLog('test', 'silent');
const lifetimeMs = 90_000;

function world() {
  const clock = testClock();
  const registry = createRegistry({ clock, log });
  registry.add('node1');
  const verdict = (trust: Trust): Verdict => ({
    host: 'node1',
    pool: defaultPool,
    trust,
    reason: `because ${trust}`,
    components: components.map((component) => ({ component, trust, reason: 'x' })),
    findings: [],
    software_tpm: false,
    verified_at: clock.now().toISOString(),
    expires_at: new Date(clock.now().getTime() + lifetimeMs).toISOString(),
  });
  const stored = (trust: Trust, round: number) => ({
    host: 'node1',
    round,
    revision: 1,
    verdicts: [verdict(trust)],
    uptimeMs: clock.uptimeMs(),
    bootId: clock.bootId,
  });
  const accept = (trust: Trust, round: number) => registry.accept(stored(trust, round));
  const trust = () => registry.current('node1').verdict.trust;
  return { clock, registry, accept, stored, trust };
}

test('a trusted verdict holds until its expiry and not at it', () => {
  const { clock, accept, trust, registry } = world();
  accept('trusted', 1);
  clock.pass(lifetimeMs - 1);
  assert.equal(trust(), 'trusted');
  assert.equal(registry.current('node1').ageMs, lifetimeMs - 1);
  clock.pass(1);
  assert.equal(trust(), 'unknown');
  const { verdict } = registry.current('node1');
  assert.equal(verdict.findings[0]?.code, 'verdict-expired');
  assert.match(verdict.reason, /^verdict expired at 2026-11-23T10:01:30.000Z$/);
  assert.ok(verdict.components.every((component) => component.trust === 'unknown'));
});

test('an untrusted verdict past its expiry is unknown', () => {
  const { clock, accept, trust } = world();
  accept('untrusted', 1);
  assert.equal(trust(), 'untrusted');
  clock.pass(lifetimeMs);
  assert.equal(trust(), 'unknown');
});

test('a wall clock stepped back does not make a verdict live longer', () => {
  const { clock, accept, trust, registry } = world();
  accept('trusted', 1);
  clock.step(-3_600_000);
  assert.equal(trust(), 'trusted');
  assert.equal(registry.current('node1').usableUntil.getTime(), clock.now().getTime() + lifetimeMs);
  clock.pass(lifetimeMs + 1);
  assert.equal(trust(), 'unknown');
});

test('a wall clock stepped forward ends a verdict', () => {
  const { clock, accept, trust } = world();
  accept('trusted', 1);
  clock.step(lifetimeMs);
  assert.equal(trust(), 'unknown');
});

test('after a reboot the wall clock alone decides, and a verdict from the future does not hold', () => {
  const { clock, accept, trust } = world();
  accept('trusted', 1);
  clock.bootId = 'boot-2';
  clock.step(10_000);
  assert.equal(trust(), 'trusted');
  clock.step(-10_001);
  assert.equal(trust(), 'unknown');
  clock.step(1 + lifetimeMs);
  assert.equal(trust(), 'unknown');
});

test('whatever the clocks do, trusted never outlives the lifetime on either of them', () => {
  const move = fc.record({ pass: fc.nat(200_000), step: fc.integer({ min: -200_000, max: 200_000 }) });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 20 }), fc.boolean(), (moves, reboot) => {
      const { clock, stored } = world();
      const given = stored('trusted', 1);
      let passed = 0;
      for (const { pass, step } of moves) {
        clock.pass(pass);
        clock.step(step);
        passed += pass;
      }
      if (reboot) clock.bootId = 'another';
      const at = { now: clock.now(), uptimeMs: clock.uptimeMs(), bootId: clock.bootId };
      const [verdict] = given.verdicts;
      assert.ok(verdict);
      if (standing(verdict, given, at).verdict.trust === 'trusted') {
        assert.ok(at.now < new Date(verdict.expires_at));
        if (!reboot) assert.ok(passed <= lifetimeMs);
      }
    }),
  );
});

test('an earlier round never replaces a later one, and readers hear of changes only', () => {
  const { registry, accept, trust } = world();
  const changes: (Trust | undefined)[] = [];
  registry.onChange(() => {
    throw new Error('a reader with a bug');
  });
  const end = registry.onChange(({ after }: Change) => changes.push(after?.trust));
  accept('trusted', 2);
  accept('untrusted', 1);
  assert.equal(trust(), 'trusted');
  accept('untrusted', 3);
  assert.equal(trust(), 'untrusted');
  registry.remove('node1');
  assert.equal(trust(), 'unknown');
  end();
  registry.add('node1');
  accept('trusted', 1);
  assert.deepEqual(changes, ['trusted', 'untrusted', undefined]);
});

test('a host that is not registered, or not attested yet, is unknown and says which', () => {
  const { registry, stored } = world();
  assert.equal(registry.current('node1').verdict.findings[0]?.code, 'no-evidence');
  assert.equal(registry.current('node9').verdict.findings[0]?.code, 'host-unknown');
  registry.accept({ ...stored('trusted', 1), host: 'node9' });
  assert.equal(registry.current('node9').verdict.trust, 'unknown');
  assert.equal(registry.current('__proto__').verdict.trust, 'unknown');
});
