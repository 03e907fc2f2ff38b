// The same list as text (ascii_runtime_measurements): which binary list has the kernel printed here (ima_fs.c, ima_template_lib.c)? Each
// entry's template data is built anew from its words, so that readers know one form only and the template digest still says whether all
// of it is there. Text is for people: what a verifier is sent is the binary list.
import { hash } from 'node:crypto';
import { ImaFrames } from './frame.ts';
import { templateFields } from './template.ts';

/** A line that is no entry, from 1. */
export type BrokenLine = { line: number; reason: string };

/** PCR, template digest, template: the fixed fields, which no file name can reach. A path may hold anything, line ends too. */
const head = /^ ?(\d{1,10}) ([0-9a-f]{40}) ([!-~]{1,64}) /;
const hexBytes = /^(?:[0-9a-f]{2})*$/;
const brokenKept = 100;

/** Whether this looks like a list in text form. */
export const isAsciiImaList = (bytes: Uint8Array): boolean =>
  head.test(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 200)).toString('latin1'));

/**
 * The binary list that this text was printed from. Entries of unknown templates keep their text as data.
 * @returns `broken`: lines left out, the first hundred of them
 */
export function imaListFromAscii(text: Uint8Array): { bytes: Uint8Array; broken: BrokenLine[] } {
  const source = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const entries: Buffer[] = [];
  const broken: BrokenLine[] = [];
  const leaveOut = (line: number, reason: string) => {
    if (broken.length < brokenKept) broken.push({ line, reason });
  };
  /** Lines from the one an entry begins with to the one before the next entry. */
  const flush = (line: number, first: string, all: string) => {
    const whole = entryOf(all);
    const alone = all === first || isSound(whole) ? undefined : entryOf(first);
    const entry = alone !== undefined && isSound(alone) ? alone : whole;
    if (typeof entry === 'string') leaveOut(line, entry);
    else entries.push(entry);
    if (entry === alone) leaveOut(line + 1, 'it belongs to no entry');
  };
  let at = 0;
  let entryLine = 0;
  let first = '';
  let begin = -1;
  for (let line = 1; at < source.length; line++) {
    const end = source.indexOf(0x0a, at);
    const stop = end < 0 ? source.length : end;
    if (mayBegin(source[at] as number) && head.test(source.toString('latin1', at, Math.min(stop, at + 160)))) {
      if (begin >= 0) flush(entryLine, first, source.toString('latin1', begin, at - 1));
      entryLine = line;
      begin = at;
      first = source.toString('latin1', at, stop);
    } else if (begin < 0 && stop > at) leaveOut(line, 'no PCR, template digest and template');
    at = stop + 1;
  }
  if (begin >= 0) flush(entryLine, first, source.toString('latin1', begin, source.length).replace(/\n$/, ''));
  return { bytes: Buffer.concat(entries), broken };
}

/** A space or a digit. */
const mayBegin = (byte: number) => byte === 0x20 || (byte >= 0x30 && byte <= 0x39);

/** @returns the entry's bytes, or what is wrong with its words */
function entryOf(text: string): Buffer | string {
  const [start = '', pcr = '', digest = '', template = ''] = head.exec(text) ?? [];
  if (Number(pcr) > 0xffffffff) return `PCR ${pcr}`;
  const data = dataOf(template, text.slice(start.length));
  if (typeof data === 'string') return data;
  const before = [u32(Number(pcr)), Buffer.from(digest, 'hex'), u32(template.length), Buffer.from(template, 'latin1')];
  return Buffer.concat(template === 'ima' ? [...before, data] : [...before, u32(data.length), data]);
}

/** Whether the template digest says that this is the entry that was measured. */
function isSound(entry: Buffer | string): boolean {
  if (typeof entry === 'string') return false;
  const frames = new ImaFrames(entry);
  return frames.next() && hash('sha1', frames.hashed, 'latin1') === frames.sha1;
}

/** The words after the template: the digest, the path, and from the end as many as the template has fields behind it. */
function dataOf(template: string, text: string): Buffer | string {
  const fields = templateFields(template);
  if (!fields) return Buffer.from(text, 'latin1');
  const names = fields.slice(2);
  const space = text.indexOf(' ');
  if (space < 0) return 'a digest without a path';
  const digest = text.slice(0, space);
  let path = text.slice(space + 1);
  const behind: string[] = [];
  while (behind.length < names.length && path.includes(' ')) {
    behind.unshift(path.slice(path.lastIndexOf(' ') + 1));
    path = path.slice(0, path.lastIndexOf(' '));
  }
  const name = Buffer.from(path, 'latin1');
  if (template === 'ima') {
    const value = bytesOf(digest);
    return value?.length === 20 ? Buffer.concat([value, u32(name.length), name]) : 'no SHA-1 digest of the file';
  }
  const parts: (Buffer | undefined)[] = [digestField(digest), Buffer.concat([name, Buffer.alloc(1)])];
  names.forEach((field, i) => {
    const word = behind[i] ?? '';
    parts.push(field === 'd-modsig' && word ? digestField(word) : bytesOf(word));
  });
  const wrong = parts.indexOf(undefined);
  if (wrong >= 0) return `field ${fields[wrong]} is not as it is printed`;
  return Buffer.concat((parts as Buffer[]).flatMap((part) => [u32(part.length), part]));
}

/** `sha256:…`, `verity:sha256:…` */
function digestField(word: string): Buffer | undefined {
  const colon = word.lastIndexOf(':');
  const value = bytesOf(word.slice(colon + 1));
  return value && Buffer.concat([Buffer.from(`${word.slice(0, colon + 1)}\0`, 'latin1'), value]);
}

const bytesOf = (word: string) => (hexBytes.test(word) ? Buffer.from(word, 'hex') : undefined);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
