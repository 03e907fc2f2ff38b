// A quote verified and the verdict stored, many hosts in one transaction: by the attestation server's own storage code, and by bare SQL.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '@assay/daemon/storage';
import type { Verdict } from '@assay/protocol';
import { migrations } from '../../packages/attestation/storage/migrations/catalogue.ts';
import type { Schema } from '../../packages/attestation/storage/schema.ts';
import { keepVerdicts } from '../../packages/attestation/storage/verdicts.ts';
import { type Goal, median, spread } from '../figures.ts';
import { eccKey, host, rsaKey } from './hosts.ts';
import { quoteWork } from './quotes.ts';

const hosts = 100;
const turns = 9;
/** A server has been running for a while: its code is compiled. */
const warmUps = 60;

export async function stored(): Promise<Goal[]> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const file = join(folder, 'attestation.sqlite');
  const verdict = host.appraise().verdict;
  try {
    const db = await openDatabase<Schema>(`sqlite:${file}`, migrations);
    const names = Array.from({ length: hosts }, (_, i) => `node${i}`);
    for (const name of names)
      await db
        .insertInto('hosts')
        .values({
          name,
          registration: name,
          registered_at: verdict.verified_at,
          ek_pin: null,
          last_round: 0,
          labels: '{}',
        })
        .execute();
    const own = async (round: number, verify: () => void) =>
      await db.transaction().execute(async (tx) => {
        for (const name of names) {
          verify();
          const of = { host: name, round, revision: 1, uptimeMs: 1, bootId: 'boot' };
          await keepVerdicts(tx, { ...of, verdicts: [{ ...verdict, host: name }] });
        }
      });
    const ecc = await inTurns((round) => own(round, quoteWorks.ecc));
    const rsa = await inTurns((round) => own(1000 + round, quoteWorks.rsa));
    await db.destroy();
    const bare = bareSql(file, names, verdict);
    const bareEcc = await inTurns(async (round) => bare(2000 + round, quoteWorks.ecc));
    const bareRsa = await inTurns(async (round) => bare(3000 + round, quoteWorks.rsa));
    const rate = (figures: number[]) => `${Math.round(1e6 / median(figures)).toLocaleString('en')} a second`;
    console.log(`a quote and its verdict (${JSON.stringify(verdict).length} bytes) stored, SQLite, WAL, synchronous=FULL, ${hosts} hosts in one transaction

| key | storage code of the server | | bare SQL | |
| --- | --- | --- | --- | --- |
| ECC P-256 | ${spread(ecc, 'µs')} | ${rate(ecc)} | ${spread(bareEcc, 'µs')} | ${rate(bareEcc)} |
| RSA-2048 | ${spread(rsa, 'µs')} | ${rate(rsa)} | ${spread(bareRsa, 'µs')} | ${rate(bareRsa)} |
`);
    const goal = (key: string, figures: number[]) => ({
      what: `quote and verdict stored, ${key}`,
      goal: '≥ 10,000 a second and core',
      seen: rate(figures),
      met: median(figures) <= 100,
    });
    return [goal('ECC P-256', ecc), goal('RSA-2048', rsa)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const quoteWorks = { ecc: quoteWork(eccKey).quote, rsa: quoteWork(rsaKey).quote };

/** µs of CPU for one host. */
async function inTurns(work: (round: number) => Promise<void>): Promise<number[]> {
  const figures: number[] = [];
  for (let turn = 0; turn < warmUps + turns; turn++) {
    const began = process.cpuUsage();
    await work(turn + 1);
    const { user, system } = process.cpuUsage(began);
    if (turn >= warmUps) figures.push((user + system) / hosts);
  }
  return figures;
}

/** The least that keeps the order of verdicts: one prepared statement a verdict. */
function bareSql(file: string, names: readonly string[], verdict: Verdict) {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const keep = db.prepare(
    'INSERT INTO verdicts (host, pool, round, revision, verdict, uptime_ms, boot_id) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (host, pool) DO UPDATE SET round = excluded.round, verdict = excluded.verdict WHERE verdicts.round < excluded.round',
  );
  return (round: number, verify: () => void) => {
    db.exec('BEGIN');
    for (const name of names) {
      verify();
      keep.run(name, verdict.pool, round, 1, JSON.stringify({ ...verdict, host: name }), 1, 'boot');
    }
    db.exec('COMMIT');
  };
}
