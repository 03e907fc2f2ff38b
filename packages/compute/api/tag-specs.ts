// Asset tags a flavor asks for: `trust:tag:country` = `DE`, or, as Nova's extra specs write alternatives, `<or> DE <or> AT`.
import { isTagName, TagDemands } from '@assay/protocol';
import { Check } from 'typebox/value';
import { Refusal } from '../refusal.ts';

export const tagPrefix = 'trust:tag:';
export const isTagKey = (key: string): boolean => key.startsWith(tagPrefix) && isTagName(key.slice(tagPrefix.length));

/** Others of Nova's operators: taken for a value, they would ask for what no host has. */
const operators = /^(=|==|!=|>=|<=|s==|s!=|s<|s<=|s>|s>=|<in>|<all-in>)(\s|$)/;

/**
 * Null: no tags are asked for.
 * @throws Refusal `extra-spec-invalid`
 */
export function wantedTags(specs: Record<string, string>): TagDemands | null {
  const asked = Object.entries(specs).filter(([key]) => key.startsWith(tagPrefix));
  if (asked.length === 0) return null;
  const demands = Object.fromEntries(asked.map(([key, value]) => [key.slice(tagPrefix.length), valuesOf(key, value)]));
  if (!Check(TagDemands, demands)) throw badTags(asked.map(([key, value]) => `'${key}': '${value}'`).join(', '));
  return demands;
}

function valuesOf(key: string, text: string): string[] {
  if (!isTagKey(key)) throw badTags(`'${key}' names no tag`);
  if (operators.test(text.trim())) throw badTags(`'${key}': '${text}' (of operators only <or> is known)`);
  const parts = text.split('<or>').map((part) => part.trim());
  if (parts.length === 1) return [text];
  // `<or> DE <or> AT`: nothing stands before the first.
  const [before, ...values] = parts;
  if (before !== '') throw badTags(`'${key}': '${text}' (alternatives begin with <or>)`);
  return [...new Set(values)];
}

const badTags = (text: string) =>
  new Refusal(
    'extra-spec-invalid',
    `Validation failed; extra spec ${text.slice(0, 600)}: ${tagPrefix}NAME takes the value of an asset tag, or <or> VALUE <or> VALUE.`,
  );
