// Does a policy document say what can be meant? What no schema can tell: names that go together, patterns and certificates that can be read, rules
// that have an effect. An operator hears of it when applying a policy, not when hosts are judged by it.
import { AssayError } from '@assay/core';
import { componentName, components, type PcrWish, type PolicyDocument } from '@assay/protocol';
import { signersOf } from '../ima/file-signature.ts';
import { componentPcrs, isLeftOut } from '../reference/coverage.ts';
import { kernelBytes, kernelWords } from './kernel-words.ts';

/**
 * @param asked PCRs that the policy comes to ask for
 * @throws AssayError `policy-value`, naming the field
 */
export function checkDocument(document: PolicyDocument, asked: readonly PcrWish[]): void {
  const refuse: Refuse = (field, expected, got, hint) => {
    throw new AssayError('policy-value', fieldOf(document, field), expected, got, hint === undefined ? {} : { hint });
  };
  checkNames(document, refuse);
  checkCoverage(document, asked, refuse);
  checkKeys(document, refuse);
  checkCommandLine(document, refuse);
  checkIma(document, refuse);
  checkTagDemands(document, refuse);
}

/** `policy default: ima.exclude` */
export const fieldOf = ({ pool }: Pick<PolicyDocument, 'pool'>, field: string): string => `policy ${pool}: ${field}`;

type Refuse = (field: string, expected: string, got: unknown, hint?: string) => never;

/** PCRs that any program of the running system sets back to zero (PC Client PTP, §4.7: debug, application): what stands there anybody says. */
const resettable = [16, 23];

function checkNames({ known_good: knownGood = [], extras = [], tpm }: PolicyDocument, refuse: Refuse): void {
  const own = new Set<string>();
  for (const { name, pcrs } of extras) {
    const loose = pcrs.find((pcr) => resettable.includes(pcr));
    if (loose !== undefined) refuse('extras', 'PCRs that nobody resets before the next boot', `PCR ${loose} (${name})`);
    if ((components as readonly string[]).includes(name)) refuse('extras', 'a name that is not one of the four', name);
    if (own.has(name)) refuse('extras', 'each name once', name);
    own.add(name);
  }
  const names = [...components, ...own];
  const stranger = knownGood.find((name) => !names.includes(name));
  if (stranger !== undefined)
    refuse('known_good', names.join(', '), stranger, 'other components are defined in extras');
  if (tpm?.vendors?.some((vendor) => vendor.trim() === ''))
    refuse('tpm.vendors', 'the id of a maker, as INTC', 'nothing');
}

/** Who asks for no PCR at all is told so by `checkPolicy`. */
function checkCoverage({ known_good: knownGood = [] }: PolicyDocument, asked: readonly PcrWish[], refuse: Refuse) {
  const left = asked.length > 0 && components.find((one) => knownGood.includes(one) && isLeftOut(one, asked));
  if (left)
    refuse(
      'evidence.pcrs',
      `some of PCR ${componentPcrs[left]?.join(', ')}: ${componentName(left)} is to be known good`,
      asked.map(({ bank, pcrs }) => `${bank} ${pcrs.join(', ')}`).join('; '),
      'of what is not quoted nothing is known: ask for these PCRs, or do not demand the component',
    );
}

function checkKeys({ secure_boot: secureBoot }: PolicyDocument, refuse: Refuse): void {
  for (const [variable, { require: required = [], only, forbid = [] }] of Object.entries(secureBoot?.keys ?? {})) {
    const field = `secure_boot.keys.${variable}`;
    const both = required.find((key) => forbid.includes(key));
    if (both !== undefined) refuse(field, 'no key both required and forbidden', both);
    const outside = only && required.find((key) => !only.includes(key));
    if (outside !== undefined) refuse(field, 'each required key among the only ones', outside);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u001f\u007f]/;

function checkCommandLine({ command_line: rule }: PolicyDocument, refuse: Refuse): void {
  const { allow = [], require: required = [], forbid = [] } = rule ?? {};
  for (const [field, patterns] of Object.entries({ allow, require: required, forbid }))
    for (const [i, pattern] of patterns.entries())
      if (control.test(pattern)) refuse(`command_line.${field}.${i}`, 'one line of text', pattern);
  for (const [field, patterns] of Object.entries({ require: required, forbid }))
    for (const [i, pattern] of patterns.entries()) {
      const { kernel, init } = kernelWords(kernelBytes(pattern));
      if (kernel.length !== 1 || init.length > 0 || /^\**$/.test(pattern))
        refuse(
          `command_line.${field}.${i}`,
          'one word, its value in double quotes if it has blanks',
          pattern || 'nothing',
        );
    }
}

function checkIma({ pool, ima }: PolicyDocument, refuse: Refuse): void {
  const { files, exclude = [], signed_by: signers } = ima ?? {};
  if (!files && (exclude.length > 0 || signers))
    refuse('ima.files', 'known-good, where exclude or signed_by is given', 'nothing', 'without it no file is judged');
  for (const [i, pattern] of exclude.entries()) {
    if (/^[*/\s]*$/.test(pattern))
      refuse(`ima.exclude.${i}`, 'a pattern that leaves some files to be judged', pattern || 'nothing');
    if (pattern.includes('/') && !/^[/*]/.test(pattern)) refuse(`ima.exclude.${i}`, 'a path from / on', pattern);
  }
  signersOf(signers ?? [], fieldOf({ pool }, 'ima.signed_by'));
}

/** A value that no tag can have would be asked for in vain. */
function checkTagDemands({ tags = {} }: PolicyDocument, refuse: Refuse): void {
  for (const [name, values] of Object.entries(tags))
    for (const [i, value] of values.entries()) {
      const bytes = Buffer.byteLength(value);
      if (bytes > 255) refuse(`tags.${name}.${i}`, 'a value of at most 255 bytes, as tags have', `${bytes} bytes`);
    }
}
