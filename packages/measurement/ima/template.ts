// What do the bytes of an entry's template data say (Documentation/security/IMA-templates.rst, ima_template_lib.c)? Fields and what is
// wrong with them. Says nothing of whether they are true: that is the template digest's and the quote's to say.
import { hash } from 'node:crypto';
import { escaped } from '@assay/core';
import { u32 } from './frame.ts';
import type { ImaFields, ImaProblem, ImaTemplate } from './list.ts';
import { kernelDigestSize, readImaSignature } from './signature.ts';

type Field = 'd' | 'n' | 'd-ng' | 'd-ngv2' | 'n-ng' | 'sig' | 'buf' | 'd-modsig' | 'modsig';

/** Fields of each template, in order: a u32 length and that many bytes each, but `d` of `ima`, which has 20. */
const templates = new Map<string, readonly Field[]>(
  Object.entries({
    ima: ['d', 'n'],
    'ima-ng': ['d-ng', 'n-ng'],
    'ima-ngv2': ['d-ngv2', 'n-ng'],
    'ima-sig': ['d-ng', 'n-ng', 'sig'],
    'ima-sigv2': ['d-ngv2', 'n-ng', 'sig'],
    'ima-buf': ['d-ng', 'n-ng', 'buf'],
    'ima-modsig': ['d-ng', 'n-ng', 'sig', 'd-modsig', 'modsig'],
  } satisfies Record<ImaTemplate, readonly Field[]>),
);
export const fieldsOfTemplate = (name: string): readonly string[] | undefined => templates.get(name);

export const bootAggregateName = 'boot_aggregate';

export type ReadData = { fields: ImaFields | undefined; problems: ImaProblem[] };

/**
 * @param data template data of an entry; a violation's file digest is all zero and may have 20 bytes whatever its algorithm
 * @returns `fields` undefined for an unknown template, and where no digest and name could be read
 */
export function readTemplateData(template: string, data: Buffer, violation: boolean): ReadData {
  const wanted = templates.get(template);
  if (!wanted)
    return { fields: undefined, problems: [{ code: 'template-unknown', text: `template ${escaped(template)}` }] };
  const problems: ImaProblem[] = [];
  const wrong = (text: string) => void problems.push({ code: 'fields', text });
  if (template === 'ima') problems.push({ code: 'template-legacy', text: 'file digests in SHA-1 or MD5 only' });
  const spans = spansOf(wanted, data, wrong);
  const [digestSpan, nameSpan, ...more] = spans;
  if (!digestSpan || !nameSpan) return { fields: undefined, problems };
  const digest =
    wanted[0] === 'd'
      ? { algorithm: 'sha1', value: digestSpan }
      : digestOf(digestSpan, wanted[0] === 'd-ngv2', violation, wrong);
  const fields: ImaFields = {
    digest: digest ?? { algorithm: '', value: new Uint8Array() },
    path: nameOf(nameSpan, wanted[1] === 'n', wrong),
  };
  wanted.slice(2).forEach((field, i) => {
    const value = more[i];
    if (!value) return;
    if (field === 'sig') {
      fields.signature = value;
      const read = value.length ? readImaSignature(value) : undefined;
      if (typeof read === 'string') problems.push({ code: 'signature', text: `the signature: ${read}` });
    }
    if (field === 'buf') {
      fields.buffer = value;
      if (digest && !violation && !isDigestOf(digest, value)) wrong('the digest is not that of the buffer');
    }
    if (field === 'modsig') {
      const signedDigest = more[i - 1];
      if (!signedDigest?.length && !value.length) return;
      const claimed = digestOf(signedDigest ?? Buffer.alloc(0), false, violation, wrong);
      if (claimed) fields.modsig = { digest: claimed, signature: value };
      // PKCS#7 in DER: a SEQUENCE that ends where the field does.
      if (!isSequence(value))
        problems.push({ code: 'signature', text: 'the appended signature is not one DER sequence' });
    }
  });
  return { fields, problems };
}

/** The bytes of each field that is wholly there. */
function spansOf(wanted: readonly Field[], data: Buffer, wrong: (text: string) => void): Buffer[] {
  const spans: Buffer[] = [];
  let at = 0;
  for (const field of wanted) {
    let length = 20;
    if (field !== 'd') {
      if (data.length - at < 4) {
        wrong(`no length of field ${field} at byte ${at}`);
        return spans;
      }
      length = u32(data, at);
      at += 4;
    }
    if (length > data.length - at) {
      wrong(`field ${field} of ${length} bytes at byte ${at}, ${data.length - at} are left`);
      return spans;
    }
    spans.push(data.subarray(at, at + length));
    at += length;
  }
  if (at < data.length) wrong(`${data.length - at} bytes after the last field`);
  return spans;
}

/** `[type:]algorithm:\0digest` */
function digestOf(
  span: Buffer,
  typed: boolean,
  violation: boolean,
  wrong: (text: string) => void,
): ImaFields['digest'] | undefined {
  const end = span.indexOf(0);
  if (end < 1 || span[end - 1] !== 0x3a) return void wrong('a digest without the name of its algorithm');
  const names = span.toString('latin1', 0, end - 1).split(':');
  const algorithm = names.pop() as string;
  const type = names.pop();
  if (names.length || (typed ? type !== 'ima' && type !== 'verity' : type !== undefined))
    return void wrong(`a digest of kind ${escaped(span.toString('latin1', 0, Math.min(end, 40)))}`);
  const value = span.subarray(end + 1);
  const size = kernelDigestSize.get(algorithm);
  if (!size) return void wrong(`hash algorithm ${escaped(algorithm.slice(0, 40))} is unknown`);
  if (value.length !== size && !(violation && value.length === 20))
    wrong(`a ${algorithm} digest of ${value.length} bytes`);
  return typed ? { algorithm, value, type: type as 'ima' | 'verity' } : { algorithm, value };
}

/** `n` ends with its length, `n-ng` with a zero byte; neither has another. */
function nameOf(span: Buffer, legacy: boolean, wrong: (text: string) => void): string {
  const end = span.indexOf(0);
  if (legacy) {
    if (span.length > 255) wrong(`a name of ${span.length} bytes: ima has at most 255`);
    if (end >= 0) wrong('a name with a zero byte in it');
    return span.toString('utf8');
  }
  if (end !== span.length - 1)
    wrong(end < 0 ? 'a name without a zero byte at its end' : 'bytes after the end of the name');
  if (span.length <= 1) wrong('an empty name');
  return span.toString('utf8', 0, end < 0 ? span.length : end);
}

/** Hashes that the kernel and OpenSSL call by the same name; of another one nothing is said. */
const canHash = new Set(['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3-256', 'sha3-384', 'sha3-512']);
const isDigestOf = ({ algorithm, value }: ImaFields['digest'], buffer: Buffer): boolean =>
  !canHash.has(algorithm) || hash(algorithm, buffer, 'buffer').equals(value);

function isSequence(der: Buffer): boolean {
  const [tag, first = 0] = der;
  if (tag !== 0x30) return false;
  if (first < 0x80) return der.length === 2 + first;
  const size = first - 0x80;
  if (size < 1 || size > 4 || der.length < 2 + size) return false;
  return der.length === 2 + size + der.readUIntBE(2, size);
}
