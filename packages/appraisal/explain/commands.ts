// Which commands would mend it, and what does each do? From the mildest to the widest.
import {
  componentName,
  type Difference,
  defaultPool,
  type Explanation,
  type Finding,
  type Labels,
  type Tags,
} from '@assay/protocol';
import { shellWord } from './shell-word.ts';

type Command = Explanation['commands'][number];

/** Claims that a package brings. */
const packaged = new Set(['kernel image', 'kernel file', 'hypervisor file', 'boot loader image']);

export type About = {
  host: string;
  pool: string;
  connected: boolean;
  /** What the policy of the pool asks for of a host to be in it. */
  labels?: Labels | undefined;
  /** Asset tags that have to be in its TPM. */
  tags?: Tags | undefined;
};

export function commandsFor(
  { host, pool, connected, labels = {}, tags = {} }: About,
  differences: readonly Difference[],
  findings: readonly Finding[],
): Command[] {
  const commands = new Map<string, string>();
  const add = (command: string, effect: string) => {
    if (!commands.has(command)) commands.set(command, effect);
  };
  const inPool = pool === defaultPool ? '' : ` --pool ${pool}`;
  const addAttest = (effect: string) =>
    connected
      ? add(`assay host attest ${host}`, effect)
      : add('assay agent', `on ${host} itself: its agent is not connected, and nothing can be asked until it runs`);
  for (const { value, finding } of differences) {
    if (value === undefined) continue;
    if (finding.code.endsWith('-retired'))
      add(`assay reference reinstate ${value}`, 'what was retired is good again, on every host');
    if (finding.code.endsWith('-early'))
      add(`assay reference promote ${value}`, 'the update is good at once, and what it replaces is retired');
  }
  const open = differences.filter(({ finding }) => !/-(retired|early)$/.test(finding.code));
  const files = open.filter(({ path }) => path !== undefined);
  if (open.some(({ claim }) => packaged.has(claim)))
    add(
      'assay reference import-package PACKAGE.deb',
      'what this package brings is known good on every host: the right way after an update of your own',
    );
  if (files.length > 0)
    add('assay reference import-package PACKAGE.deb', 'the files of this package are known good on every host');
  for (const { path = '' } of files.slice(0, 3))
    add(
      `assay host accept ${host} --component operating_system --path ${shellWord(path)}${inPool} --because "…"`,
      'takes this file, as this host has it, into known good',
    );
  const measured = open.filter(({ path }) => path === undefined);
  for (const component of new Set(measured.map((one) => one.component))) {
    const of = measured.filter((one) => one.component === component);
    const keys = of.some(({ claim }) => claim.startsWith('secure boot '))
      ? '; its Secure Boot is another one: be sure of it'
      : '';
    add(
      `assay host accept ${host} --component ${component}${inPool} --because "…"`,
      `takes exactly what differs in its ${componentName(component)} into known good: every host that shows it is good in it${keys}`,
    );
  }
  const again = 'after you booted it into what it ran before, or put the old file back and rebooted it';
  if (differences.length > 0) addAttest(`asks it again: ${again}`);
  // What a package brings is never learnt from the host that shows it.
  if (measured.length > 0 && !measured.some(({ claim }) => packaged.has(claim)))
    add(
      `assay reference learn ${host}`,
      'takes all that this host measures now into known good, whoever made it so; only for a host whose making you know',
    );
  for (const { code, allowed } of findings) {
    if (code === 'pool-foreign' && Object.keys(labels).length > 0)
      add(
        `assay host label ${host} ${labelWords(labels)}`,
        `puts it into pool ${pool}: its policy asks for these labels`,
      );
    if (code === 'pool-missing') add('assay policy list', 'says which pools there are');
    if (code === 'policy-missing')
      add('assay policy apply FILE', `gives pool ${pool} a policy: without one nobody is trusted in it`);
    if (changedTags.has(code) && !allowed)
      add(
        `assay host tag ${host} ${labelWords(tags)} --because "…"`,
        'writes its asset tags into its TPM again: find out first who changed them there',
      );
    if (code === 'tag-missing' && !allowed)
      add(`assay host tag ${host}`, 'says which asset tags it has, and what keeps them from its TPM');
    if (askAgain.has(code)) addAttest('asks it now');
  }
  return [...commands].map(([command, effect]) => ({ command, effect }));
}

const labelWords = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => shellWord(`${name}=${value}`))
    .join(' ');

/** The record that was in its TPM once is not there any more. */
const changedTags = new Set(['tag-altered', 'tag-foreign', 'tag-stale']);

/** What one more round may mend. */
const askAgain = new Set([
  'no-evidence',
  'verdict-expired',
  'no-answer',
  'round-interrupted',
  'policy-pcrs-not-quoted',
]);
