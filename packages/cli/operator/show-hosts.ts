// What does the attestation server say of its hosts, for a person?
import { AssayError, escaped } from '@assay/core';
import {
  componentName,
  defaultPool,
  type Host,
  type HostHistory,
  type PolicyVersion,
  type Verdict,
} from '@assay/protocol';
import type { WhyAllowed } from './allowed.ts';
import { shortDigest } from './show-reference.ts';
import { age, table } from './table.ts';
import { tagsLine } from './tags.ts';
import { minute } from './value-names.ts';

/** @param pool whose verdicts; only its hosts are shown, and with them what they are in the other pools they are in */
export function hostTable(hosts: readonly Host[], pool = defaultPool): string {
  if (hosts.length === 0) return 'no hosts are registered: assay host register NAME';
  const shown = hosts.flatMap((host) => {
    const verdict = verdictIn(host, pool);
    return verdict ? [{ host, verdict, others: verdictsElsewhere(host, pool) }] : [];
  });
  if (shown.length === 0) return `no host is in pool ${pool}: assay policy show ${pool} says which labels it asks for`;
  const hasOthers = shown.some(({ others }) => others !== '');
  return table(
    ['name', 'verdict', 'reason', 'age', ...(hasOthers ? ['other pools'] : [])],
    shown.map(({ host, verdict, others }) => [
      host.name,
      verdict.trust,
      shortened(escaped(verdict.reason)),
      ageOf(host, verdict),
      ...(hasOthers ? [others || '-'] : []),
    ]),
  );
}

/** @throws AssayError `pool-missing` for a pool that no policy makes */
export function mustBePool(pool: string, policies: readonly Pick<PolicyVersion, 'pool'>[]): void {
  const pools = new Set([defaultPool, ...policies.map(({ pool }) => pool)]);
  if (!pools.has(pool))
    throw new AssayError('pool-missing', '--pool', `a pool that a policy makes: ${[...pools].join(', ')}`, pool);
}

/** `dmz: untrusted` */
const verdictsElsewhere = (host: Host, pool: string): string =>
  host.pools
    .filter((other) => other !== pool)
    .map((other) => `${other}: ${verdictIn(host, other)?.trust ?? 'unknown'}`)
    .join(', ');

/** What is known of a finding beside its message. */
export type Remedies = Readonly<Record<string, { remedy: string }>>;

/** Everything about one host, a line for each thing, and a part for each pool. */
export function hostDetails(host: Host, remedies: Remedies = {}, why?: WhyAllowed): string {
  const { name, labels, verdict } = host;
  const about: [string, string][] = [
    ['name', name],
    [
      'labels',
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(', ') || 'none',
    ],
    ...(host.aliases ? [['aliases', host.aliases.join(', ')] satisfies [string, string]] : []),
    ['tags', tagsLine(host)],
    ['TPM', host.enrolled_at === undefined ? 'not enrolled' : tpmKind(verdict)],
    ['EK certificate', host.ek_sha256 ?? 'none'],
    ['AK name', host.ak_name ?? 'none'],
    ['TPM resets', verdict.reset_count === undefined ? 'unknown' : String(verdict.reset_count)],
    ['agent', host.connected ? 'connected' : 'not connected'],
    ['registered', host.registered_at],
  ];
  return [
    lines(about),
    ...[verdict, ...host.verdicts].map((one) => `pool ${one.pool}\n${lines(verdictLines(host, one, remedies, why))}`),
  ].join('\n\n');
}

function verdictLines(
  host: Host,
  verdict: Verdict,
  remedies: Remedies,
  why: WhyAllowed | undefined,
): [string, string][] {
  const { trust, reason, components, findings, policy_version: version } = verdict;
  const said = new Set([reason]);
  /** Each sentence once: the finding that decides is the reason, and that of its component. */
  const first = (head: string, text: string): string => {
    said.add(text);
    return `${head}: ${text}`;
  };
  return [
    ['verdict', trust],
    ['reason', reason],
    ['policy', version === undefined ? 'none' : `version ${version}`],
    ...components.map(({ component, trust, reason, demanded }): [string, string] => {
      const asked = demanded === false ? ', not asked for' : '';
      const [own, whole] = [reason.replace(`${componentName(component)}: `, ''), reason];
      return [componentName(component), said.has(whole) ? `${trust}${asked}` : first(`${trust}${asked}`, own)];
    }),
    ...findings.flatMap((one): [string, string][] => {
      const { code, message, allowed, component } = one;
      const own = component ? message.replace(`${componentName(component)}: `, '') : message;
      const told = said.has(message) || said.has(own) ? code : first(code, message);
      const remedy = allowed ? undefined : remedies[code]?.remedy;
      return [
        [allowed ? 'allowed' : 'finding', allowed && why ? `${told} (${why(one, verdict)})` : told],
        ...(remedy ? [['  to do', remedy] satisfies [string, string]] : []),
      ];
    }),
    ...(wasAttested(verdict)
      ? ([
          ['verified', `${verdict.verified_at} (${ageOf(host, verdict)} ago)`],
          ['expires', verdict.expires_at],
        ] satisfies [string, string][])
      : []),
    ...(trust === 'trusted' ? [] : ([['explained by', explainCommand(host, verdict)]] satisfies [string, string][])),
  ];
}

const explainCommand = ({ name }: Host, { pool }: Verdict): string =>
  `assay host explain ${name}${pool === defaultPool ? '' : ` --pool ${pool}`}`;

/** Changes of a host's verdict, the newest first. */
export function historyTable({ entries }: HostHistory): string {
  if (entries.length === 0) return 'no verdict so far';
  const reappraised = entries.some(({ now }) => now !== undefined);
  return table(
    ['at', 'pool', 'verdict', 'reason', 'policy', 'round', 'evidence', ...(reappraised ? ['by now’s standards'] : [])],
    entries.map(({ at, pool, verdict, round, evidence, now }) => [
      minute(at),
      pool,
      verdict.trust,
      shortened(escaped(verdict.reason)),
      verdict.policy_version ?? '-',
      round,
      evidence ? 'kept' : 'gone',
      ...(reappraised ? [now ? shortened(escaped(`${now.trust}: ${now.reason}`)) : 'no evidence'] : []),
    ]),
  );
}

/** The verdict in this pool; none: the host is not in it. */
const verdictIn = ({ verdict, verdicts, pools }: Host, pool: string): Verdict | undefined =>
  pool === defaultPool ? verdict : pools.includes(pool) ? verdicts.find((one) => one.pool === pool) : undefined;

/** Without evidence nothing was verified, at no time. */
const wasAttested = ({ evidence_sha256, ak_name }: Verdict): boolean =>
  evidence_sha256 !== undefined || ak_name !== undefined;

/** The server measured the age of the default pool's verdict; its clock tells the others’. */
function ageOf({ verdict, age_ms }: Host, one: Verdict): string {
  if (!wasAttested(one)) return '-';
  return age(age_ms + Date.parse(verdict.verified_at) - Date.parse(one.verified_at));
}

/** Whole digests push everything else out of a table; the details have them. */
const shortened = (text: string): string => text.replace(/\b[0-9a-f]{40,}\b/g, shortDigest);

const lines = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([label, value]) => `${label.padEnd(17)} ${escaped(value)}`).join('\n');

const tpmKind = ({ software_tpm, virtual_tpm }: Verdict): string =>
  software_tpm ? 'software' : virtual_tpm ? 'virtual, of a cloud' : 'hardware';
