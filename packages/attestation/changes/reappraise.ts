// The standards have changed: every current verdict is given anew, at once, on the evidence it rests on. Of the same round, by a higher revision, with
// the times of the evidence: nobody is trusted for longer by it. A host about which that cannot be done is in doubt, and asked.
import { parse, Verdict } from '@assay/protocol';
import { type Pause, pauses } from '../pauses.ts';
import { unknownIn } from '../standards/judge-in.ts';
import { membershipsOf, type Standards } from '../standards/standards.ts';
import { labelsOf } from '../storage/hosts.ts';
import { fleetOf, verdictRows } from '../storage/recorded-evidence.ts';
import type { Db, VerdictRow } from '../storage/schema.ts';
import { keepVerdicts, type StoredVerdicts } from '../storage/verdicts.ts';
import type { ChangeNeeds } from './needs.ts';
import { batchesOf, type JudgingNeeds, judgementsOf, type Verified, verifyRecorded } from './recorded.ts';
import { heldNoLonger } from './verdict-life.ts';

export type ReappraisalNeeds = JudgingNeeds & Pick<ChangeNeeds, 'switchboard'>;

/** Outside any transaction, after that of the change. @param only these hosts; absent: all. One that fails keeps no other from being judged. */
export async function reappraiseHosts(needs: ReappraisalNeeds, only?: readonly string[]): Promise<void> {
  const { db, log, registry, switchboard } = needs;
  const pause = pauses();
  const ask: string[] = [];
  const judge = async (hosts: readonly string[]) => {
    for (const { stored, open } of await db.transaction().execute((tx) => anew(needs, tx, hosts, pause))) {
      registry.accept(stored);
      if (open) ask.push(stored.host);
    }
  };
  for (const batch of batchesOf(await fleetOf(db, only))) {
    const hosts = batch.map(({ host }) => host);
    await judge(hosts).catch(async () => {
      for (const host of hosts)
        await judge([host]).catch((err) => {
          log.error({ err, host }, 'recorded evidence could not be judged anew');
          registry.doubt(host);
          ask.push(host);
        });
    });
    await pause();
  }
  for (const host of ask) switchboard.attestNow(host, { deadlineMs: askMs }).catch(() => undefined); // who is not there is asked when it comes
}

const askMs = 30_000;

/** Evidence that cannot answer what is asked now. */
const lacking = new Set(['policy-pcrs-not-quoted', 'ima-files-unread', 'appraisal-failed']);
const lacks = ({ findings }: Verdict): boolean => findings.some(({ code }) => lacking.has(code));

/** `open`: only the host itself can say more. */
type Anew = { stored: StoredVerdicts; open: boolean };

/** One transaction: what is read is what is replaced. @returns what was stored */
async function anew(needs: ReappraisalNeeds, tx: Db, hosts: readonly string[], pause: Pause): Promise<Anew[]> {
  const standards = await needs.standards(tx);
  const current = await verdictRows(tx, hosts);
  const found = await verifyRecorded(needs, tx, hosts, pause, [standards]);
  const verified = new Map(found.map((one) => [one.recorded.host, one]));
  const kept: Anew[] = [];
  for (const [host, rows] of current) {
    await pause();
    const [first] = rows;
    if (!first || first.revision >= standards.revision) continue;
    const evidence = verified.get(host);
    const judged = evidence?.recorded.round === first.round;
    const judgements = judged ? judgementsOf(needs, evidence, standards) : undefined;
    const given = judgements?.map(({ verdict }) => verdict) ?? (await doubted(needs, tx, standards, first, evidence));
    const before = rows.flatMap((row) => readable(row) ?? []);
    const verdicts = heldNoLonger(given, before, needs.lifetimeS);
    const { round, uptime_ms: uptimeMs, boot_id: bootId } = first;
    // Where no files were judged now, what is remembered of them stays: it says itself what it is good for.
    const files = Object.fromEntries(rows.flatMap((row) => (row.files === null ? [] : [[row.pool, row.files]])));
    for (const { verdict, files: state } of judgements ?? []) if (state) files[verdict.pool] = JSON.stringify(state);
    const at = needs.clock.now();
    const stored = { host, round, revision: standards.revision, at, uptimeMs, bootId, verdicts, files };
    if (await keepVerdicts(tx, stored)) kept.push({ stored, open: !judged || verdicts.some(lacks) });
  }
  return kept;
}

/** Without evidence of that round the host was unknown, and is so for the same reason in every pool it is in now. */
async function doubted(
  { lifetimeS, clock }: ReappraisalNeeds,
  tx: Db,
  standards: Standards,
  row: VerdictRow,
  evidence: Verified | undefined,
): Promise<Verdict[]> {
  const { host } = row;
  const before = readable(row);
  const why =
    before?.trust === 'unknown' && before.findings[0]
      ? before.findings[0]
      : { code: 'appraisal-failed', message: 'what is good has changed, and there is no evidence to be judged by it' };
  const { labels } = await tx.selectFrom('hosts').select('labels').where('name', '=', host).executeTakeFirstOrThrow();
  return membershipsOf(standards, labelsOf({ labels })).map((membership) =>
    unknownIn(membership, lifetimeS, {
      ...{ host, why, revision: standards.revision, endorsement: evidence?.present.endorsement },
      now: before ? new Date(before.verified_at) : clock.now(),
    }),
  );
}

function readable({ host, verdict }: VerdictRow): Verdict | undefined {
  try {
    return parse(Verdict, verdict, `stored verdict of ${host}`);
  } catch {
    return undefined;
  }
}
