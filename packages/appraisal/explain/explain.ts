// Why does a host have the verdict it has, in words an operator can act on? From its recorded evidence, verified and judged again by present
// standards. Pure: no I/O and no clock; who else shows the same, and when it was good last, whoever remembers fills in.
import { componentName, type Explanation, type Finding, type Verdict } from '@assay/protocol';
import { kindOf } from '../findings/catalogue.ts';
import type { KnownGood } from '../reference/known-good.ts';
import type { Verification } from '../verify-evidence.ts';
import { commandsFor } from './commands.ts';
import { componentDifferences, type Told } from './component-differences.ts';

export type ExplanationInput = {
  /** As valid now. */
  verdict: Verdict;
  /** What recorded evidence comes to by present standards, its verification, and when it came; absent: there is none. */
  recorded?: { verdict: Verdict; verification: Verification; at: Date } | undefined;
  knownGood: KnownGood;
  /** When it is told. */
  now: Date;
};

export type ToldExplanation = Omit<Explanation, 'differences'> & { differences: Told[] };

/** Findings that are a difference to what is known good. */
export const isDifference = ({ code }: Finding): boolean =>
  /^(measurement|reference|ima-file)-/.test(code) && code !== 'ima-files-unread';

export function explain(input: ExplanationInput): ToldExplanation {
  const { verdict, recorded } = input;
  const { host, pool } = verdict;
  const all = distinct([...verdict.findings, ...(recorded?.verdict.findings ?? [])]);
  const differences = differencesOf(input, recorded?.verdict.findings ?? verdict.findings);
  const findings = all.filter((one) => !isDifference(one));
  return {
    host,
    pool,
    verdict,
    summary: summaryOf(verdict, differences),
    differences,
    findings: findings.map((finding) => ({ finding, ...meaningOf(finding) })),
    commands: commandsFor(host, pool, differences, findings),
  };
}

function differencesOf({ recorded, knownGood, now }: ExplanationInput, findings: readonly Finding[]): Told[] {
  const counting = findings.filter((one) => isDifference(one) && !one.allowed);
  const verification = recorded?.verification;
  return counting.flatMap((found) => {
    const { component, path } = { path: undefined, ...found };
    if (path === undefined && component !== undefined && verification?.authentic) {
      const seen = verification.events.filter((part) => part.component === component);
      return componentDifferences(
        { component, seen, knownGood, quoted: verification.quote.selection, now: recorded?.at ?? now },
        found,
        now,
      );
    }
    return [plainDifference(found)];
  });
}

/** What the finding says, where nothing more is known. */
const plainDifference = (found: Finding): Told => ({
  component: found.component ?? 'operating_system',
  claim: found.pcr === undefined ? componentName(found.component ?? 'evidence') : `PCR ${found.pcr}`,
  text: found.message,
  finding: found,
  ...(found.expected !== undefined && { expected: found.expected }),
  ...(found.seen !== undefined && { seen: found.seen }),
  also_on: [],
});

function meaningOf({ code, message }: Finding): { meaning: string; remedy: string } {
  const kind = kindOf(code);
  return kind ? { meaning: kind.meaning, remedy: kind.remedy } : { meaning: message, remedy: 'The message says it.' };
}

const distinct = (findings: readonly Finding[]): Finding[] => [
  ...new Map(
    findings.map((one) => [`${one.code} ${one.component} ${one.event} ${one.entry} ${one.pcr}`, one]),
  ).values(),
];

function summaryOf({ host, pool, trust, reason }: Verdict, differences: readonly Told[]): string {
  const where = `${host} is ${trust} in pool ${pool}`;
  const [first] = differences;
  if (trust === 'trusted' || !first) return `${where}: ${reason}`;
  const more = differences.length - 1;
  return `${where}: ${first.text}${more > 0 ? `, and ${more} more ${more > 1 ? 'things differ' : 'thing differs'}` : ''}`;
}
