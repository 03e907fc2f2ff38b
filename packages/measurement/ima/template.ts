// What do the bytes of an entry's template data say (Documentation/security/IMA-templates.rst, ima_template_lib.c)? Fields and what is
// wrong with them. Says nothing of whether they are true: that is the template digest's and the quote's to say, and only of the data.
// The template's name is not hashed: a list can call a measured buffer a signature where its bytes pass for one (ima-buf as ima-sig), and a
// file with its signature a buffer (ima-sig as ima-buf). Whoever judges files takes for a buffer only what its name and its digest say is one.
import { hash } from 'node:crypto';
import { escaped } from '@assay/core';
import { type ImaFrames, spells, u32 } from './frame.ts';
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
/** Undefined for a template the kernel does not have. */
export const templateFields = (template: string): readonly string[] | undefined => templates.get(template);

export const bootAggregateName = 'boot_aggregate';

const none: readonly ImaProblem[] = [];
const types = ['ima:', 'verity:'] as const;

/** Reads one entry after the other in place: `problems` and `isBootAggregate` cost no memory where nothing is wrong. */
export class TemplateData {
  private bytes: Buffer = Buffer.alloc(0);
  private template = '';
  private wanted: readonly Field[] = [];
  /** Of the digest read last: most entries of a list have the same. */
  private algorithm = '';
  private algorithmSize: number | undefined;
  private violation = false;
  private list: ImaProblem[] | undefined;
  /** Start and end of each field that is wholly there. */
  private readonly spans = new Uint32Array(10);
  private count = 0;

  /** What is wrong with the entry that was read last. */
  get problems(): readonly ImaProblem[] {
    return this.list ?? none;
  }

  /** @param violation its file digest is all zero and may have 20 bytes whatever its algorithm */
  read({ bytes, name, nameEnd, data, end }: ImaFrames, violation: boolean): void {
    this.bytes = bytes;
    this.violation = violation;
    this.list = undefined;
    this.count = 0;
    if (!spells(bytes, name, nameEnd, this.template)) {
      this.template = bytes.toString('latin1', name, nameEnd);
      this.wanted = templates.get(this.template) ?? [];
    }
    if (!this.isKnown) this.note('template-unknown', `template ${escaped(this.template.slice(0, 80))}`);
    else {
      if (this.template === 'ima') this.note('template-legacy', 'file digests in SHA-1 or MD5 only');
      if (this.split(data, end)) for (let i = 0; i < this.wanted.length; i++) this.check(i);
    }
  }

  /** The kernel has a template of this name. */
  get isKnown(): boolean {
    return this.wanted.length > 0;
  }

  /** The name is `boot_aggregate`, whatever else is wrong. */
  get isBootAggregate(): boolean {
    if (this.count < 2) return false;
    const start = this.spans[2] as number;
    const end = this.spans[3] as number;
    const last = this.wanted[1] === 'n-ng' && this.bytes[end - 1] === 0 ? end - 1 : end;
    return spells(this.bytes, start, last, bootAggregateName);
  }

  /** Undefined for an unknown template, and where digest or name are not there. Views of the list's bytes. */
  get fields(): ImaFields | undefined {
    const { count } = this;
    if (count < 2) return undefined;
    const name = this.field(1);
    const last = this.wanted[1] === 'n-ng' ? name.indexOf(0) : -1;
    const fields: ImaFields = {
      digest: this.digestAt(0),
      path: name.toString('utf8', 0, last < 0 ? name.length : last),
    };
    for (let i = 2; i < count; i++) {
      const field = this.wanted[i];
      if (field === 'sig') fields.signature = this.field(i);
      if (field === 'buf') fields.buffer = this.field(i);
      if (field === 'modsig' && this.size(i))
        fields.modsig = { digest: this.digestAt(i - 1), signature: this.field(i) };
    }
    return fields;
  }

  private note(code: ImaProblem['code'], text: string): void {
    this.list ??= [];
    this.list.push({ code, text });
  }

  /** Finds the fields; false when not all are there. */
  private split(at: number, end: number): boolean {
    const { bytes, wanted, spans } = this;
    const begin = at;
    for (const field of wanted) {
      let length = 20;
      if (field !== 'd') {
        if (end - at < 4) return this.broken(`no length of field ${field} at byte ${at - begin}`);
        length = u32(bytes, at);
        at += 4;
      }
      if (length > end - at)
        return this.broken(`field ${field} of ${length} bytes at byte ${at - begin}, ${end - at} are left`);
      spans[2 * this.count] = at;
      spans[2 * this.count + 1] = at + length;
      this.count += 1;
      at += length;
    }
    if (at < end) this.note('fields', `${end - at} bytes after the last field`);
    return true;
  }

  private broken(text: string): false {
    this.note('fields', text);
    return false;
  }

  private check(i: number): void {
    const field = this.wanted[i];
    if (field === 'd-ng' || field === 'd-ngv2') this.checkDigest(i);
    else if (field === 'n' || field === 'n-ng') this.checkName(i);
    else if (field === 'sig') this.checkSignature(i);
    else if (field === 'buf') this.checkBuffer(i);
    // These two are empty when the file has no appended signature.
    else if (field === 'd-modsig' && (this.size(i) || this.size(i + 1))) this.checkDigest(i);
    else if (field === 'modsig' && (this.size(i) || this.size(i - 1)) && !isSequence(this.field(i)))
      this.note('signature', 'the appended signature is not one DER sequence');
  }

  /** `[type:]algorithm:\0digest`: `type` in the v2 templates. */
  private checkDigest(i: number): void {
    const { bytes, violation } = this;
    const start = this.spans[2 * i] as number;
    const end = this.spans[2 * i + 1] as number;
    const zero = this.zeroAfter(start, end);
    if (zero === end || bytes[zero - 1] !== 0x3a || zero === start) {
      this.note('fields', 'a digest without the name of its algorithm');
      return;
    }
    const typed = this.wanted[i] === 'd-ngv2';
    const type = typed
      ? types.find((one) => zero - start > one.length && spells(bytes, start, start + one.length, one))
      : '';
    if (type === undefined) {
      this.note('fields', 'a digest of neither type ima nor verity');
      return;
    }
    if (!spells(bytes, start + type.length, zero - 1, this.algorithm)) {
      this.algorithm = bytes.toString('latin1', start + type.length, zero - 1);
      this.algorithmSize = kernelDigestSize.get(this.algorithm);
    }
    const size = this.algorithmSize;
    const length = end - zero - 1;
    if (size === undefined) this.note('fields', `hash algorithm ${escaped(this.algorithm.slice(0, 40))} is unknown`);
    else if (length !== size && !(violation && length === 20))
      this.note('fields', `a ${this.algorithm} digest of ${length} bytes`);
  }

  /** `n` ends with its length, `n-ng` with a zero byte; neither has another. */
  private checkName(i: number): void {
    const start = this.spans[2 * i] as number;
    const end = this.spans[2 * i + 1] as number;
    const zero = this.zeroAfter(start, end);
    if (this.wanted[i] === 'n') {
      if (end - start > 255) this.note('fields', `a name of ${end - start} bytes: ima has at most 255`);
      if (zero < end) this.note('fields', 'a name with a zero byte in it');
    } else if (zero !== end - 1)
      this.note('fields', zero < end ? 'bytes after the end of the name' : 'a name without a zero byte at its end');
    if (zero === start) this.note('fields', 'an empty name');
  }

  private checkSignature(i: number): void {
    if (!this.size(i)) return; // the file has none
    const read = readImaSignature(this.field(i));
    if (typeof read === 'string') this.note('signature', `the signature: ${read}`);
  }

  /** Empty where an IMA policy asks for this template for files: the digest is the file's then. */
  private checkBuffer(i: number): void {
    if (this.violation || this.list || !this.size(i)) return;
    const { algorithm, value } = this.digestAt(0);
    if (canHash.has(algorithm) && !hash(algorithm, this.field(i), 'buffer').equals(value))
      this.note('fields', 'the digest is not that of the buffer');
  }

  /** As far as it can be read: an algorithm without a name is empty. */
  private digestAt(i: number): ImaFields['digest'] {
    const span = this.field(i);
    if (this.wanted[i] === 'd') return { algorithm: 'sha1', value: span };
    const zero = span.indexOf(0);
    const names = span.toString('latin1', 0, Math.max(0, zero - 1)).split(':');
    const algorithm = escaped(names.pop() ?? '');
    const value = span.subarray(zero + 1);
    const type = this.wanted[i] === 'd-ngv2' ? names[0] : undefined;
    return type === 'ima' || type === 'verity' ? { algorithm, value, type } : { algorithm, value };
  }

  private field(i: number): Buffer {
    return this.bytes.subarray(this.spans[2 * i], this.spans[2 * i + 1]);
  }

  private size(i: number): number {
    return (this.spans[2 * i + 1] as number) - (this.spans[2 * i] as number);
  }

  /** Position of the first zero byte from `start` on; `end` when there is none. */
  private zeroAfter(start: number, end: number): number {
    while (start < end && this.bytes[start] !== 0) start++;
    return start;
  }
}

/** Hashes that the kernel and OpenSSL call by the same name; of another one nothing is said. */
const canHash = new Set(['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3-256', 'sha3-384', 'sha3-512']);

/** PKCS#7 in DER: a SEQUENCE that ends where the field does. */
function isSequence(der: Buffer): boolean {
  const [tag, first = 0] = der;
  if (tag !== 0x30) return false;
  if (first < 0x80) return der.length === 2 + first;
  const size = first - 0x80;
  if (size < 1 || size > 4 || der.length < 2 + size) return false;
  return der.length === 2 + size + der.readUIntBE(2, size);
}
