// Why does a host have the verdict it has, in words an operator can act on? From its recorded evidence, by present standards. Pure: no I/O and no
// clock; who else shows the same, and when it was good last, whoever remembers fills in.
import { componentName, components, type Explanation, type Finding, type Labels, type Verdict } from '@assay/protocol';
import type { JudgementInput } from '../appraise.ts';
import { factsOf } from '../component-results.ts';
import { kindOf } from '../findings/catalogue.ts';
import type { FilesState } from '../ima/files-state.ts';
import { commandsFor } from './commands.ts';
import { componentDifferences } from './component-differences.ts';
import { fileDifferences, type SoughtFile } from './file-differences.ts';
import type { Sought } from './sought.ts';

export type Recorded = {
  /** As the host is judged: recorded evidence, present standards. */
  input: JudgementInput;
  /** What that comes to. */
  verdict: Verdict;
  /** What is remembered of its files. */
  files?: FilesState | undefined;
};

export type ExplanationInput = {
  /** As valid now. */
  verdict: Verdict;
  /** Absent: there is no evidence. */
  recorded?: Recorded | undefined;
  /** Whether its agent can be asked now. */
  connected: boolean;
  /** What the policy of the pool asks for of a host to be in it. */
  labels?: Labels | undefined;
  /** When it is told. */
  now: Date;
};

/** A difference, and what other hosts may show as well. */
export type ToldDifference = Explanation['differences'][number] & { sought?: Sought; soughtFile?: SoughtFile };
export type ToldExplanation = Omit<Explanation, 'differences'> & { differences: ToldDifference[] };

export function explain({ verdict, recorded, connected, labels, now }: ExplanationInput): ToldExplanation {
  const { host, pool } = verdict;
  const present = recorded?.verdict.findings ?? verdict.findings;
  const differences = differencesOf(present.filter(isDifference), recorded, now);
  const others = distinct([...verdict.findings, ...present]).filter((one) => !isDifference(one));
  const findings = [...others.filter(({ allowed }) => !allowed), ...others.filter(({ allowed }) => allowed)];
  return {
    host,
    pool,
    verdict,
    summary: summaryOf(verdict, differences),
    differences,
    findings: findings.map((finding) => ({ finding, ...meaningOf(finding) })),
    commands: commandsFor({ host, pool, connected, labels, tags: recorded?.input.tags?.tags }, differences, findings),
  };
}

/** A finding about what is known good, that counts. */
const isDifference = ({ code, allowed }: Finding): boolean => !allowed && (isOfFiles(code) || isOfMeasurements(code));
const isOfFiles = (code: string) => code.startsWith('ima-file-');
const isOfMeasurements = (code: string) => code.startsWith('measurement-') || code === 'reference-missing';

function differencesOf(findings: readonly Finding[], recorded: Recorded | undefined, now: Date): ToldDifference[] {
  const input = recorded?.input;
  const { verification, policy } = input ?? {};
  const files = recorded?.files;
  const told = findings.flatMap((found): ToldDifference[] => {
    const { code, component } = found;
    if (isOfFiles(code)) return files && files.bad.length > 0 ? [] : [plainDifference(found)];
    const isOne = components.some((one) => one === component);
    if (!isOne || component === undefined || !input || !policy || !verification?.authentic)
      return [plainDifference(found)];
    return componentDifferences(component, factsOf(verification, { ...input, policy }), found, now);
  });
  const areFilesBad = findings.some(({ code }) => isOfFiles(code));
  return files && input && areFilesBad ? [...told, ...fileDifferences(files, input.knownGood, input.now, now)] : told;
}

/** What the finding says, where nothing more is known: a PCR of an extra component. */
const plainDifference = (found: Finding): ToldDifference => ({
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
  return kind ? { meaning: kind.meaning, remedy: kind.remedy } : { meaning: message, remedy: unknownRemedy };
}
const unknownRemedy = 'This version of Assay does not know the code; the message says what there is to know.';

const distinct = (findings: readonly Finding[]): Finding[] => [
  ...new Map(
    findings.map((one) => [`${one.code} ${one.component} ${one.event} ${one.entry} ${one.pcr}`, one]),
  ).values(),
];

function summaryOf({ host, pool, trust, reason }: Verdict, differences: readonly ToldDifference[]): string {
  const where = `${host} is ${trust} in pool ${pool}`;
  const lead = telling.flatMap((claim) => differences.filter((one) => one.claim === claim))[0] ?? differences[0];
  if (trust !== 'untrusted' || !lead) return `${where}: ${reason}`;
  const more = differences.length - 1;
  return `${where}: ${lead.text}${more > 0 ? `; ${more} more ${more > 1 ? 'things differ' : 'thing differs'}` : ''}`;
}

/** What says most of what has happened, first: a file of the boot loader differs whenever a command does. */
const telling = [
  'secure boot state',
  'kernel command line',
  'command that starts the kernel',
  'kernel image',
  'kernel file',
  'hypervisor file',
  'boot loader image',
];
