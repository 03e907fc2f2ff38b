// What is there to say of each component: the four, then a policy's extras? What is wrong with the evidence comes before what was measured:
// nothing follows from what is not proven.
// A component that the policy does not ask for never makes a verdict worse by not being known; what speaks against the evidence counts all the
// same, whatever component it is about. Who does not ask for one trusts it blindly, and with it all it starts: firmware or a boot loader that
// is not good can measure good things in the place of what it runs, and can name an event so that it is put down to a component nobody asks for.
import { type ComponentResult, components, type Finding } from '@assay/protocol';
import { leavesEvidenceSound, weight } from './findings/finding.ts';
import { filesText } from './ima/file-findings.ts';
import type { FilesState } from './ima/files-state.ts';
import { coveredByPolicy } from './policy/command-line.ts';
import type { Policy } from './policy/policy.ts';
import { type Comparison, compare, compareOnce } from './reference/compare.ts';
import { compareExtra, type Extra, extrasOf } from './reference/extras.ts';
import { partsOf } from './reference/good-by.ts';
import type { KnownGood } from './reference/known-good.ts';
import { valueName } from './reference/standing.ts';
import type { Facts, Support } from './reference/support.ts';
import type { EvidenceState, Verified } from './verify-evidence.ts';

export type Standards = {
  policy: Policy;
  knownGood: KnownGood;
  now: Date;
  /** What came of the files of IMA's list; undefined: they were not judged. */
  fileState?: FilesState | undefined;
};
export type ComponentResults = {
  results: ComponentResult[];
  /** Of components that are not known good; of those the policy does not ask for they are allowed. */
  findings: Finding[];
};

/** @param doubts findings that count */
export function componentResults(
  verification: Verified,
  doubts: readonly Finding[],
  standards: Standards,
): ComponentResults {
  const { policy } = standards;
  const facts = factsOf(verification, standards);
  const all = [
    ...components.map((component) => withFiles(resultOf(component, verification, doubts, facts, standards), standards)),
    ...extrasOf(policy).map((extra) => resultOfExtra(extra, verification, facts)),
  ].map(({ result, finding }) =>
    policy.knownGood.includes(result.component)
      ? { result, finding }
      : { result: { ...result, demanded: false }, finding: finding && shown(finding) },
  );
  return { results: all.map(({ result }) => result), findings: all.flatMap(({ finding }) => finding ?? []) };
}

/** That nothing is known of what nobody asks for is no news. */
const shown = (finding: Finding): Finding | undefined =>
  finding.code === 'reference-missing' ? undefined : { ...finding, allowed: true };

type Result = { result: ComponentResult; finding?: Finding | undefined };

function resultOf(
  component: string,
  verification: Verified,
  doubts: readonly Finding[],
  facts: Facts,
  { policy, fileState: files }: Standards,
): Result {
  const { unexplained, events, state } = verification;
  const seen = partsOf(events, component);
  const own = doubts.find((one) => one.component === component && !leavesEvidenceSound(one));
  if (own) return { result: { component, trust: weight(own), reason: own.message } };
  if (unexplained === 'all') return unknown(component, 'nothing is known of it: the boot log is not proven');
  const shaky = seen.find(({ event }) => unexplained.has(event.pcr));
  if (shaky) return unknown(component, `rests on PCR ${shaky.event.pcr}, which the boot log does not explain`);
  // With all PCRs explained by it, what the policy says of an event follows from the log alone.
  const compared = unexplained.size === 0 ? compareOnce(component, facts, policy) : compare(component, facts);
  const result = told(component, compared, (supports) => goodText(component, seen.length, supports, { state, files }));
  // What the policy does not want, of evidence that holds, does not hide what else is not good.
  const unwanted = compared.known && doubts.find((one) => one.component === component);
  return unwanted ? { result: { ...result.result, trust: weight(unwanted), reason: unwanted.message } } : result;
}

/** The operating system rests on the lists its files are in, too. */
function withFiles({ result, finding }: Result, { fileState }: Pick<Standards, 'fileState'>): Result {
  if (result.component !== 'operating_system' || !fileState?.values.length) return { result, finding };
  return { result: { ...result, values: [...new Set([...(result.values ?? []), ...fileState.values])] }, finding };
}

function resultOfExtra({ name, pcrs }: Extra, verification: Verified, facts: Facts): Result {
  if (verification.unexplained === 'all') return unknown(name, 'nothing is known of it: the PCR values are not proven');
  return told(name, compareExtra({ name, pcrs }, facts), () => `PCR ${pcrs.join(', ')}, as known good`);
}

const unknown = (component: string, reason: string): Result => ({ result: { component, trust: 'unknown', reason } });

function told(component: string, compared: Comparison, goodText: (supports: readonly Support[]) => string): Result {
  const values = compared.values.length > 0 ? { values: [...compared.values] } : {};
  if (compared.known)
    return { result: { component, trust: 'trusted', reason: goodText(compared.supports), ...values } };
  const { finding } = compared;
  return { result: { component, trust: weight(finding), reason: finding.message, ...values }, finding };
}

/** What a comparison looks at. */
export function factsOf(verification: Verified, { policy, knownGood, now }: Standards): Facts {
  const { events, quote, pcrValues } = verification;
  let covered: ReturnType<typeof coveredByPolicy> | undefined;
  const allows: Facts['allows'] = (part) => {
    covered ??= coveredByPolicy(policy, verification);
    return covered(part);
  };
  return { events, quoted: quote.selection, pcrValues, knownGood, now, allows };
}

/** `3 measurements, as known good; kernel image as in linux-image 6.1.0-31` */
function goodText(
  component: string,
  count: number,
  supports: readonly Support[],
  { state, files }: { state: EvidenceState; files: FilesState | undefined },
): string {
  const measured = count === 0 ? 'none measured' : count === 1 ? '1 measurement' : `${count} measurements`;
  const single = [...new Set(supports.flatMap(supportText))];
  const more = single.length > mostNamed ? [`${single.length - mostNamed} more`] : [];
  const said = [`${measured}, as known good`, ...single.slice(0, mostNamed), ...more].join('; ');
  return component === 'operating_system' ? `${said}${imaText(state, files)}` : said;
}

const mostNamed = 4;

function supportText(support: Support): string[] {
  if (support.by === 'policy') return [`${support.part.claim} as the policy allows`];
  return support.by === 'value' && support.part ? [`${support.part.claim} as in ${valueName(support.value)}`] : [];
}

const imaText = ({ ima }: EvidenceState, files: FilesState | undefined) =>
  ima ? `; ${filesText(ima.list.entries, files)}` : '';
