// All of it: a quote, a boot log and an IMA list at once; and ten thousand hosts' stored evidence against another policy.
import { allowedByDefault, appraise, KnownLogs, logDigest, verifyEvidence } from '@assay/appraisal';
import { KnownImaLines, parseEventLog } from '@assay/measurement';
import type { SentEvidence } from '@assay/protocol';
import { checkAk } from '../../packages/appraisal/quote/ak.ts';
import { costs, type Goal, median, ratio, spread } from '../figures.ts';
import { extends256, imaHashes } from './floors.ts';
import { eccKey, gceLog, host, imaList, selection } from './hosts.ts';
import { quoteWork } from './quotes.ts';

const keylimeMs = 49; // 49 to 51, quote and 1,000 IMA entries and this boot log
const hosts = 10_000;

export function whole(): Goal[] {
  const { list, pcr10, hashed } = imaList(1000, 'host');
  const { bare } = quoteWork(eccKey);
  const extended = parseEventLog(gceLog).events.filter(({ kind }) => kind !== 'no-action').length;
  const pcrs = new Map([[10, pcr10]]);
  const fresh = host.input({ pcrs, imaLog: { offset: 0, data: list } });
  const input = { ...fresh, ak: checkAk(host.tpm.akPublic) };
  const knownImaLines = new KnownImaLines(64 << 20);
  const run = (other: Partial<typeof input>) => {
    const verified = verifyEvidence({ ...input, ...other });
    const [worst] = verified.findings.filter(({ code }) => !(allowedByDefault as readonly string[]).includes(code));
    if (!verified.authentic || worst) throw new Error(worst?.message);
    return verified;
  };
  const knownLogs = new KnownLogs(1 << 20);
  run({ knownImaLines, knownLogs });
  const seen = costs(
    {
      floor() {
        bare();
        extends256(extended);
        imaHashes(hashed);
      },
      first: () => run({}),
      known: () => run({ knownImaLines, knownLogs }),
    },
    { turns: 9 },
  );
  const ms = (figures: number[]) =>
    spread(
      figures.map((us) => us / 1000),
      'ms',
      2,
    );
  const times = keylimeMs / (median(seen.first) / 1000);
  console.log(`whole verification: ECC quote, 1,000 IMA entries, that boot log; Keylime (taken once on such a machine, not in this run): 49 – 51 ms

| work | time |
| --- | --- |
| signature and hashes, nothing else | ${ms(seen.floor)} |
| everything for the first time | ${ms(seen.first)}, ${ratio(seen.first, seen.floor).toFixed(1)} × |
| boot log and IMA lines seen on another host | ${ms(seen.known)} |
`);
  return [
    { what: 'whole verification', goal: '≥ 15 × Keylime', seen: `${times.toFixed(0)} ×`, met: times >= 15 },
    reappraisal(),
  ];
}

/** Of what is stored: text, and the log once for all hosts that have it. Read, verified again from the signature on, compared. */
function reappraisal(): Goal {
  const texts = Array.from({ length: 100 }, (_, i) => {
    const nonce = Uint8Array.from(host.nonce, (byte) => byte ^ i);
    const { event_log: _log, ...evidence } = host.input({ nonce }).evidence;
    return { nonce, text: JSON.stringify({ ...evidence, event_log_sha256: logDigest(gceLog) }) };
  });
  const knownLogs = new KnownLogs(1 << 20);
  knownLogs.read(gceLog, logDigest(gceLog), selection);
  const ak = checkAk(host.tpm.akPublic);
  const input = host.input();
  const policy = { ...input.policy, verdictLifetimeS: 600, allowed: [] };
  const trusts = new Map<string, number>();
  const began = process.cpuUsage();
  for (let i = 0; i < hosts; i++) {
    const { nonce, text } = texts[i % texts.length] ?? { nonce: host.nonce, text: '{}' };
    const evidence = JSON.parse(text) as SentEvidence;
    const { trust } = appraise({ ...input, evidence, ak, nonce, policy, knownLogs }).verdict;
    trusts.set(trust, (trusts.get(trust) ?? 0) + 1);
  }
  const { user, system } = process.cpuUsage(began);
  const seconds = (user + system) / 1e6;
  console.log(
    `${hosts} hosts' stored evidence against another policy, one core: ${seconds.toFixed(2)} s (${[...trusts].join(' ')})\n`,
  );
  return { what: `${hosts} re-appraised`, goal: '≤ 3 s', seen: `${seconds.toFixed(2)} s`, met: seconds <= 3 };
}
