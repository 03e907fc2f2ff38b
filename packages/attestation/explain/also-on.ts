// Which other hosts show the same? Those whose recorded evidence has the same digest for the same claim, or the same whole component, and
// holds: what an operator of many hosts asks first. Each distinct boot log is read once, however many hosts have it.
import { type BadFile, type KnownLogs, type Sought, type SoughtWhole, wholeName } from '@assay/appraisal';
import { claimNameOf } from '@assay/measurement';
import { type Finding, fromBase64, type PcrWish } from '@assay/protocol';
import { type JudgingNeeds, verifyRecorded } from '../changes/recorded.ts';
import { pauses } from '../pauses.ts';
import { findBootLog } from '../storage/boot-logs.ts';
import type { Db } from '../storage/schema.ts';

/** So many distinct logs are looked through; the most common ones first. */
const mostLogs = 300;
/** So many hosts are named. */
const mostNamed = 50;
/** Hosts whose evidence is verified for it; it holds of nearly all. */
const mostVerified = 200;

type PcrSelection = { hash: PcrWish['bank']; pcrs: number[] }[];
type SameBoot = { sha256: string; wanted: string; hosts: string[] };

/** @returns names in order, one list for each thing sought */
export async function alsoMeasured(needs: JudgingNeeds, host: string, sought: readonly Sought[]): Promise<string[][]> {
  if (sought.length === 0) return [];
  const found = sought.map(() => [] as string[]);
  const pause = pauses();
  const wholes = sought.filter((one) => 'whole' in one);
  for (const boot of await distinctBoots(needs.db, host)) {
    await pause();
    const shown = await measurementsOf(needs, boot, wholes);
    sought.forEach((one, i) => {
      if (shown.has(nameOf(one))) found[i]?.push(...boot.hosts);
    });
  }
  const candidates = [...new Set(found.flatMap((hosts) => hosts.sort().slice(0, mostNamed)))].slice(0, mostVerified);
  const verified = await verifyRecorded(needs, needs.db, candidates, pause);
  const holds = new Set(
    verified.flatMap(({ recorded, verification }) =>
      verification.authentic && verification.unexplained !== 'all' && verification.unexplained.size === 0
        ? [recorded.host]
        : [],
    ),
  );
  return found.map((hosts) => hosts.filter((one) => holds.has(one)).slice(0, mostNamed));
}

/** Other hosts' logs, with the PCRs that were asked for: they decide what counts as covered. */
async function distinctBoots(db: Db, host: string): Promise<SameBoot[]> {
  const rows = await db
    .selectFrom('evidence')
    .select(['host', 'event_log_sha256', 'wanted'])
    .where('host', '!=', host)
    .where('event_log_sha256', 'is not', null)
    .where('wanted', 'is not', null)
    .execute();
  const boots = new Map<string, SameBoot>();
  for (const row of rows) {
    const [sha256, wanted] = [row.event_log_sha256 ?? '', row.wanted ?? '[]'];
    const boot = boots.get(`${sha256} ${wanted}`) ?? { sha256, wanted, hosts: [] };
    boot.hosts.push(row.host);
    boots.set(`${sha256} ${wanted}`, boot);
  }
  return [...boots.values()].sort((a, b) => b.hosts.length - a.hosts.length).slice(0, mostLogs);
}

const nameOf = (one: Sought) =>
  'whole' in one ? `${one.component} ${one.whole}` : `${one.component} ${one.claim} ${one.bank} ${one.digest}`;

async function measurementsOf(
  { db, knownLogs }: JudgingNeeds,
  { sha256, wanted }: SameBoot,
  wholes: readonly SoughtWhole[],
): Promise<Set<string>> {
  const wishes = JSON.parse(wanted) as PcrWish[];
  const selection = wishes.map(({ bank, pcrs }) => ({ hash: bank, pcrs: [...pcrs] }));
  const reading = await readingOf(db, knownLogs, sha256, selection);
  const names = new Set<string>();
  for (const part of reading?.events ?? [])
    for (const [bank, digest] of Object.entries(part.digests))
      names.add(`${part.component} ${claimNameOf(part)} ${bank} ${digest}`);
  for (const { component, banks } of reading ? wholes : []) {
    const whole = wholeName(component, reading?.events ?? [], selection, banks);
    if (whole !== undefined) names.add(nameOf({ component, banks, whole }));
  }
  return names;
}

async function readingOf(db: Db, knownLogs: KnownLogs, sha256: string, selection: PcrSelection) {
  const known = knownLogs.recall(sha256, selection);
  if (known) return known;
  const log = await findBootLog(db, sha256);
  return log === undefined ? undefined : knownLogs.read(fromBase64(log, `boot log ${sha256}`), sha256, selection);
}

/**
 * Hosts whose verdict tells of the same value of a PCR, or that none is known: of an extra component there is nothing else to recognise it by.
 * @returns names in order, one list for each finding
 */
export async function alsoQuoted(
  { db, registry }: Pick<JudgingNeeds, 'db' | 'registry'>,
  host: string,
  findings: readonly Finding[],
): Promise<string[][]> {
  if (findings.length === 0) return [];
  const nameOf = ({ code, component, pcr, seen }: Finding) => [code, component, pcr, seen].join(' ');
  const found = new Map(findings.map((one) => [nameOf(one), [] as string[]]));
  for (const { name } of await db
    .selectFrom('hosts')
    .select('name')
    .where('name', '!=', host)
    .orderBy('name')
    .execute()) {
    const theirs = registry.given(name).flatMap((verdict) => verdict.findings.map(nameOf));
    for (const one of new Set(theirs)) found.get(one)?.push(name);
  }
  return findings.map((one) => found.get(nameOf(one))?.slice(0, mostNamed) ?? []);
}

/**
 * Hosts of which the same file of IMA's list is remembered as not good.
 * @returns names in order, one list for each file
 */
export async function alsoRan(
  db: Db,
  host: string,
  files: readonly Pick<BadFile, 'path' | 'digest'>[],
): Promise<string[][]> {
  if (files.length === 0) return [];
  const found = files.map(() => new Set<string>());
  let last = '';
  for (;;) {
    const rows = await db
      .selectFrom('verdicts')
      .select(['host', 'files'])
      .where('host', '>', last)
      .where('files', 'is not', null)
      .orderBy('host')
      .limit(pageSize)
      .execute();
    for (const row of rows) {
      const text = row.files ?? '';
      if (row.host === host) continue;
      files.forEach(({ digest, path }, i) => {
        if (text.includes(digest) && hasFile(text, { path, digest })) found[i]?.add(row.host);
      });
    }
    last = rows.at(-1)?.host ?? last;
    if (rows.length < pageSize) break;
  }
  return found.map((hosts) => [...hosts].sort().slice(0, mostNamed));
}

const pageSize = 500;

function hasFile(state: string, { path, digest }: Pick<BadFile, 'path' | 'digest'>): boolean {
  const { bad = [] } = JSON.parse(state) as { bad?: readonly BadFile[] };
  return bad.some((one) => one.path === path && one.digest === digest);
}
