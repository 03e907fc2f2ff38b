// a change of policy and of reference values, rehearsed on the recorded evidence of 10,000 hosts and applied
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { KnownLogs } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { createLog, systemClock } from '@assay/daemon';
import { openDatabase } from '@assay/daemon/storage';
import { KnownImaLines } from '@assay/measurement';
import type { Rehearsal } from '@assay/protocol';
import { FallWatch } from '../packages/attestation/changes/fall-watch.ts';
import { applyPolicy } from '../packages/attestation/changes/policies.ts';
import { addValues, retireValues } from '../packages/attestation/changes/reference.ts';
import { fleetPolicy, fleetStore, recordFleet, valuesOf } from '../packages/attestation/changes/testing/recorded.ts';
import { createTurns } from '../packages/attestation/changes/turns.ts';
import { createRegistry } from '../packages/attestation/registry/registry.ts';
import { standardsReader } from '../packages/attestation/standards/standards.ts';
import { migrations } from '../packages/attestation/storage/migrations/catalogue.ts';
import type { Schema } from '../packages/attestation/storage/schema.ts';
import { type Goal, median, sayGoals, sayMachine, spread } from './figures.ts';

const hosts = 10_000;
/** Kernels among them, each with a boot log of its own. */
const kernels = [...'abcdefghijklmnopqrst'];
const times = 5;

sayMachine();
const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
const db = await openDatabase<Schema>(`sqlite:${join(folder, 'attestation.sqlite')}`, migrations);
try {
  const clock = systemClock;
  const log = createLog('bench', 'error');
  const registry = createRegistry({ clock, log });
  const fleet = Array.from({ length: hosts }, (_, i) => ({
    name: `node${i}`,
    variant: kernels[i % kernels.length] ?? 'a',
  }));
  const moment = { now: clock.now(), uptimeMs: Math.round(clock.uptimeMs()), bootId: clock.bootId };
  for (let i = 0; i < hosts; i += 1000) await recordFleet(db, fleet.slice(i, i + 1000), moment);
  await registry.load(db);
  const needs = {
    ...{ db, clock, log, registry, brakePercent: 100, lifetimeS: 86_400, periodMs: 1000 },
    standards: standardsReader(86_400),
    heldStore: fleetStore,
    knownImaLines: new KnownImaLines(1 << 20),
    knownLogs: new KnownLogs(8 << 20),
    turns: createTurns(),
    fallWatch: new FallWatch(1000),
    switchboard: {
      attestNow: (host: string) =>
        Promise.reject(new AssayError('attest-unavailable', host, 'a connected agent', 'none')),
    },
  };
  await applyPolicy(needs, { document: fleetPolicy });
  const { added } = await addValues(
    needs,
    kernels.flatMap((kernel) => valuesOf(kernel)),
    {},
  );
  const kernel = added.filter(({ component }) => component === 'hypervisor').at(-1)?.id ?? '';
  const strict = { ...fleetPolicy, tpm: { software: false } };

  const policy = await measured(() => applyPolicy(needs, { document: strict, dry_run: true }));
  const retiring = await measured(() => retireValues(needs, [kernel], { dry_run: true }));
  const applied = await measured(
    async (turn) => await applyPolicy(needs, { document: { ...fleetPolicy, description: `turn ${turn}` } }),
  );
  console.log(`${hosts.toLocaleString('en')} hosts, ${kernels.length} boot logs, SQLite; CPU, and the longest others had to wait

| | CPU | wait | would lose trust |
| --- | --- | --- | --- |
| another policy, rehearsed | ${spread(policy.cpuMs, 'ms', 0)} | ${policy.waitMs.toFixed(0)} ms | ${policy.losing} |
| a value retired, rehearsed | ${spread(retiring.cpuMs, 'ms', 0)} | ${retiring.waitMs.toFixed(0)} ms | ${retiring.losing} |
| a policy rehearsed, applied, and everybody judged by it | ${spread(applied.cpuMs, 'ms', 0)} | ${applied.waitMs.toFixed(0)} ms | ${applied.losing} |
`);
  sayGoals([goal('another policy', policy.cpuMs), goal('a value retired', retiring.cpuMs)]);
} finally {
  await db.destroy();
  rmSync(folder, { recursive: true, force: true });
}

async function measured(work: (turn: number) => Promise<{ rehearsal: Rehearsal }>) {
  const cpuMs: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let losing = 0;
  for (let turn = 0; turn < times; turn++) {
    delay.enable();
    const began = process.cpuUsage();
    ({ losing } = (await work(turn)).rehearsal);
    const { user, system } = process.cpuUsage(began);
    delay.disable();
    cpuMs.push((user + system) / 1000);
  }
  return { cpuMs, waitMs: delay.max / 1e6, losing };
}

function goal(what: string, figures: readonly number[]): Goal {
  const seen = median(figures);
  return {
    what: `${what}, rehearsed on ${hosts} hosts`,
    goal: '≤ 3 s of one core',
    seen: `${(seen / 1000).toFixed(1)} s`,
    met: seen <= 3000,
  };
}
