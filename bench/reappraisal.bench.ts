// CPU of rehearsing a change of policy on the recorded evidence of 10,000 hosts, beside the signature checks in it
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { KnownGood, KnownLogs, labDocument, policyFrom } from '@assay/appraisal';
import { createLog, systemClock } from '@assay/daemon';
import { openDatabase } from '@assay/daemon/storage';
import { KnownImaLines } from '@assay/measurement';
import { rehearse } from '../packages/attestation/changes/rehearse.ts';
import { fleetStore, recordFleet, valuesOf } from '../packages/attestation/changes/testing/fleet.ts';
import { createRegistry } from '../packages/attestation/registry/registry.ts';
import type { Standards } from '../packages/attestation/standards/standards.ts';
import { migrations } from '../packages/attestation/storage/migrations/catalogue.ts';
import { referenceId } from '../packages/attestation/storage/reference-values.ts';
import type { Schema } from '../packages/attestation/storage/schema.ts';
import { costs, median, sayGoals, sayMachine, spread } from './figures.ts';

const hosts = 10_000;
const times = 5;

sayMachine();
const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
const db = await openDatabase<Schema>(`sqlite:${join(folder, 'attestation.sqlite')}`, migrations);
try {
  const log = createLog('bench', 'silent');
  const at = { now: new Date(), uptimeMs: 0, bootId: 'bench' };
  // One in a hundred runs another kernel, which the new policy lets nobody have.
  const fleet = Array.from({ length: hosts }, (_, i) => ({ name: `node${i}`, variant: i % 100 === 0 ? 'b' : 'a' }));
  await recordFleet(db, fleet, at);
  const standards = (revision: number, variants: readonly string[]): Standards => {
    const policy = policyFrom(
      { ...labDocument, evidence: { pcrs: { sha256: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] } } },
      { version: revision, lifetimeS: 90 },
    );
    const values = variants
      .flatMap((variant) => valuesOf(variant))
      .map((value) => ({
        ...value,
        id: referenceId(value),
        state: 'current' as const,
        by: 'bench',
        added_at: at.now.toISOString(),
      }));
    const once = [...new Map(values.map((value) => [value.id, value])).values()];
    return { revision, knownGood: new KnownGood(once, revision), policies: new Map([[policy.pool, policy]]) };
  };
  const [present, next] = [standards(1, ['a', 'b']), standards(2, ['a'])];
  const needs = {
    ...{ db, log, clock: systemClock, lifetimeS: 90, heldStore: fleetStore, brakePercent: 20 },
    registry: createRegistry({ clock: systemClock, log }),
    standards: async () => present,
    knownImaLines: new KnownImaLines(1 << 20),
    knownLogs: new KnownLogs(8 << 20),
  };
  const seconds: number[] = [];
  const waits: number[] = [];
  let losing = 0;
  for (let i = 0; i <= times; i++) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const began = process.cpuUsage();
    losing = (await rehearse(needs, present, next)).rehearsal.losing;
    const { user, system } = process.cpuUsage(began);
    delay.disable();
    if (i === 0) continue; // warming up
    seconds.push((user + system) / 1e6);
    waits.push(delay.percentile(99) / 1e6);
  }
  const floor = (median(signatures()) * hosts) / 1e6;
  const best = spread(seconds, 's', 2);
  console.log(`${hosts} hosts judged by two sets of standards: ${losing} would lose trust
of which signatures alone: ${floor.toFixed(2)} s; others wait at most ${spread(waits, 'ms', 0)} (99 of 100)
`);
  sayGoals([
    { what: `${hosts} hosts’ recorded evidence re-appraised`, goal: '≤ 3 s', seen: best, met: median(seconds) <= 3 },
  ]);
} finally {
  await db.destroy();
  rmSync(folder, { recursive: true });
}

/** µs of checking one ECDSA P-256 signature. */
function signatures(): number[] {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const message = Buffer.alloc(200);
  const signature = sign('sha256', message, privateKey);
  return costs({ check: () => verify('sha256', message, publicKey, signature) }).check;
}
