// What changes need, without a server around it: a database, a clock that stands, a switchboard that only remembers who was to be asked.
import type { TestContext } from 'node:test';
import { KnownLogs } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { createLog } from '@assay/daemon';
import { openDatabase } from '@assay/daemon/storage';
import { testClock } from '@assay/daemon/testing';
import { KnownImaLines } from '@assay/measurement';
import type { NewReferenceValue } from '@assay/protocol';
import { createRegistry } from '../../registry/registry.ts';
import { standardsReader } from '../../standards/standards.ts';
import { migrations } from '../../storage/migrations/catalogue.ts';
import type { Schema } from '../../storage/schema.ts';
import { FallWatch } from '../fall-watch.ts';
import { applyPolicy } from '../policies.ts';
import { addValues } from '../reference.ts';
import { createTurns } from '../turns.ts';
import { type FleetHost, fleetPolicy, fleetStore, recordFleet, valuesOf } from './recorded.ts';

/** Hosts as they are after one round, judged by the usual policy and what a golden host with log `a` taught. */
export async function changing(
  url: string,
  t: TestContext,
  hosts: readonly FleetHost[],
  values: readonly NewReferenceValue[] = valuesOf(),
) {
  const clock = testClock(Date.now());
  const log = createLog('test', 'silent');
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  const registry = createRegistry({ clock, log });
  const asked: string[] = [];
  const needs = {
    ...{ db, clock, log, registry, brakePercent: 100, lifetimeS: 7200, periodMs: 1000 },
    standards: standardsReader(7200),
    heldStore: fleetStore,
    knownImaLines: new KnownImaLines(1 << 20),
    knownLogs: new KnownLogs(1 << 20),
    turns: createTurns(),
    fallWatch: new FallWatch(1000),
    switchboard: {
      attestNow(host: string) {
        asked.push(host);
        return Promise.reject(new AssayError('attest-unavailable', host, 'an agent', 'none'));
      },
    },
  };
  const moment = () => ({ now: clock.now(), uptimeMs: clock.uptimeMs(), bootId: clock.bootId });
  await recordFleet(db, hosts, moment());
  await registry.load(db);
  await applyPolicy(needs, { document: fleetPolicy });
  if (values.length > 0) await addValues(needs, values, {});
  asked.length = 0;
  const verdict = (host: string, pool?: string) => registry.current(host, pool).verdict;
  return { needs, db, clock, registry, asked, moment, verdict };
}
