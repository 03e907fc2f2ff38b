// Asset tags (NIST IR 7904): what an operator says of the machine itself, above all where it stands, and the host's TPM certifies each round.
// What a policy, a flavor or a ticket asks of them.
import { AssayError } from '@assay/core';
import { type Static, Type } from 'typebox';
import { check } from './message.ts';

/** As names of labels. */
const name = '^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?$';
/** As many bytes as a value has at most, in UTF-8. */
const mostBytes = 255;

export const TagValue = Type.String({
  pattern: '^[^\\p{C}\\p{Z}]([^\\p{C}\\p{Zl}\\p{Zp}]{0,253}[^\\p{C}\\p{Z}])?$',
  title: 'printable text of 1 to 255 bytes, without blanks around it',
});
const mostTags = 16;

/** Of one host; none: it has no tags. */
export const Tags = Type.Record(Type.String({ pattern: name }), TagValue, {
  additionalProperties: false,
  maxProperties: mostTags,
});
export type Tags = Static<typeof Tags>;

/** Each of these tags has to be certified with one of its values. */
export const TagDemands = Type.Record(
  Type.String({ pattern: name }),
  Type.Array(TagValue, { minItems: 1, maxItems: 64, uniqueItems: true }),
  { additionalProperties: false, minProperties: 1, maxProperties: mostTags },
);
export type TagDemands = Static<typeof TagDemands>;

export const isTagName = (text: string): boolean => new RegExp(name).test(text);

/** @throws AssayError `message-schema` for what are no tags, `tags-invalid` for a value of too many bytes */
export function checkTags(value: unknown, where: string): Tags {
  const tags = check(Tags, value, where);
  for (const [name, value] of Object.entries(tags))
    if (Buffer.byteLength(value) > mostBytes)
      throw new AssayError('tags-invalid', `${where}.${name}`, `at most ${mostBytes} bytes`, Buffer.byteLength(value));
  return tags;
}

/** A demand that is not met; `has` absent: there is no such tag. */
export type UnmetTag = { readonly name: string; readonly wanted: readonly string[]; readonly has: string | undefined };

/** @param tags certified ones; undefined: none are */
export function unmetTags(demands: TagDemands, tags: Tags | undefined): UnmetTag[] {
  return Object.entries(demands).flatMap(([name, wanted]) => {
    const has = tags && Object.hasOwn(tags, name) ? tags[name] : undefined;
    return has !== undefined && wanted.includes(has) ? [] : [{ name, wanted, has }];
  });
}

/** `country=DE or AT` */
export const demandText = ({ name, wanted }: Pick<UnmetTag, 'name' | 'wanted'>): string =>
  `${name}=${wanted.join(' or ')}`;

/** `tag country is FR, DE or AT is asked for` */
export const unmetText = ({ name, wanted, has }: UnmetTag): string =>
  has === undefined
    ? `tag ${demandText({ name, wanted })} is asked for and not certified`
    : `tag ${name} is ${has}, ${wanted.join(' or ')} is asked for`;

/** `country=DE, zone=fra1`, by name. */
export const tagsText = (tags: Tags): string =>
  Object.entries(tags)
    .sort(byName)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ') || 'none';

/** One line for each tag, by name: no name has `=`, no value a line's end, so that two sets of tags never read alike. */
export const canonicalTags = (tags: Tags): string =>
  Object.entries(tags)
    .sort(byName)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

const byName = ([a]: [string, string], [b]: [string, string]) => (a < b ? -1 : 1);
