// The last evidence of the whole fleet, with all it takes to verify and judge it again: read in small batches, because evidence may be large.
import type { EvidenceState, ExpectedTags } from '@assay/appraisal';
import { type Labels, type PcrWish, parse, SentEvidence } from '@assay/protocol';
import { stateOf } from './enrolments.ts';
import { labelsOf } from './hosts.ts';
import type { Db, EnrolmentRow, VerdictRow } from './schema.ts';
import { expectedTagsOf } from './tags.ts';

/** A host, and how much there is to read of it. */
export type FleetEntry = {
  readonly host: string;
  /** Absent: there is no evidence that could be verified. `bytes`: with what is kept of IMA's list. */
  readonly evidence?: { readonly round: number; readonly log: string | null; readonly bytes: number };
};

const pageSize = 500;

/**
 * Every registered host; those with the same boot log stand together, so that each log has to be read once.
 * Evidence of an earlier version, and of a key that is no longer enrolled, does not count: nothing could be said of it.
 */
export async function fleetOf(db: Db, only?: readonly string[]): Promise<FleetEntry[]> {
  const found: FleetEntry[] = [];
  const wanted = only && new Set(only);
  for (let last = ''; ; ) {
    const rows = await db
      .selectFrom('hosts')
      .leftJoin('enrolments', 'enrolments.host', 'hosts.name')
      .leftJoin('evidence', (join) =>
        join
          .onRef('evidence.host', '=', 'hosts.name')
          .onRef('evidence.ak_name', '=', 'enrolments.ak_name')
          .on('evidence.wanted', 'is not', null),
      )
      .select(['hosts.name', 'evidence.round', 'evidence.event_log_sha256 as log'])
      .select(({ fn }) => fn<number | string | null>('octet_length', ['evidence.claimed']).as('bytes'))
      .select((of) =>
        of
          .selectFrom('ima_parts')
          .whereRef('ima_parts.host', '=', 'hosts.name')
          .select(({ fn }) => fn.sum<number | string | null>('length').as('list'))
          .as('list'),
      )
      .where('hosts.name', '>', last)
      .orderBy('hosts.name')
      .limit(pageSize)
      .execute();
    for (const { name: host, round, log, bytes, list } of rows) {
      if (wanted && !wanted.has(host)) continue;
      found.push(round === null ? { host } : { host, evidence: { round, log, bytes: Number(bytes) + Number(list) } });
    }
    last = rows.at(-1)?.name ?? last;
    if (rows.length < pageSize) break;
  }
  const log = ({ evidence }: FleetEntry) => evidence?.log ?? '';
  return found.sort((a, b) => (log(a) < log(b) ? -1 : log(a) > log(b) ? 1 : 0));
}

/** One evidence as it is stored. */
export type RecordedEvidence = {
  readonly host: string;
  readonly labels: Labels;
  readonly round: number;
  /** Without its boot log; `event_log_sha256` names it where the host had one that is kept. */
  readonly evidence: SentEvidence;
  readonly nonce: Uint8Array;
  readonly wanted: readonly PcrWish[];
  readonly previous: EvidenceState | undefined;
  readonly imaAsked: number;
  /** Asset tags that have to be in its TPM now. */
  readonly tags: ExpectedTags | undefined;
  readonly receivedAt: Date;
  readonly enrolment: Pick<EnrolmentRow, 'ak_public' | 'ek_sha256' | 'ek_certificate' | 'endorsement'>;
};

/** What became of one row: evidence, or why it cannot be read. */
export type Recorded = RecordedEvidence | { readonly host: string; readonly unreadable: unknown };

/** Of these hosts, those that have any; in no order. */
export async function recordedEvidence(db: Db, hosts: readonly string[]): Promise<Recorded[]> {
  if (hosts.length === 0) return [];
  const rows = await db
    .selectFrom('evidence')
    .innerJoin('hosts', 'hosts.name', 'evidence.host')
    .innerJoin('enrolments', (join) =>
      join.onRef('enrolments.host', '=', 'evidence.host').onRef('enrolments.ak_name', '=', 'evidence.ak_name'),
    )
    .leftJoin('host_tags', 'host_tags.host', 'evidence.host')
    .select(['evidence.host', 'evidence.round', 'evidence.nonce', 'evidence.claimed', 'evidence.received_at'])
    .select(['host_tags.tags', 'host_tags.serial as tag_serial', 'host_tags.certified_at as tags_certified_at'])
    .select(['evidence.event_log_sha256', 'evidence.wanted', 'evidence.previous', 'evidence.ima_asked', 'hosts.labels'])
    .select(['enrolments.ak_public', 'enrolments.ek_sha256', 'enrolments.ek_certificate', 'enrolments.endorsement'])
    .where('evidence.host', 'in', hosts)
    .where('evidence.wanted', 'is not', null)
    .execute();
  return rows.map((row) => {
    const { host, round, event_log_sha256: log, wanted, previous } = row;
    try {
      const sent = parse(SentEvidence, row.claimed, `evidence of ${host}`);
      return {
        host,
        labels: labelsOf(row),
        round,
        evidence: log === null ? sent : { ...sent, event_log_sha256: log },
        nonce: Buffer.from(row.nonce, 'base64'),
        wanted: JSON.parse(wanted ?? '[]') as PcrWish[],
        previous: stateOf({ last_quote: previous }),
        imaAsked: row.ima_asked ?? 0,
        tags: expectedTagsOf(row),
        receivedAt: new Date(row.received_at),
        enrolment: row,
      };
    } catch (unreadable) {
      return { host, unreadable };
    }
  });
}

/** The current verdicts of these hosts as they are stored, by host. */
export async function verdictRows(db: Db, hosts: readonly string[]): Promise<Map<string, VerdictRow[]>> {
  const byHost = new Map<string, VerdictRow[]>();
  if (hosts.length === 0) return byHost;
  for (const row of await db.selectFrom('verdicts').selectAll().where('host', 'in', hosts).execute())
    byHost.set(row.host, [...(byHost.get(row.host) ?? []), row]);
  return byHost;
}
