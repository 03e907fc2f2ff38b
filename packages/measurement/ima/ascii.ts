// The same list as text (ascii_runtime_measurements): which binary list has the kernel printed here (ima_fs.c, ima_template_lib.c)? Each
// entry's template data is built anew from its words, so that readers know one form only and the template digest still says whether all
// of it is there. Text is for people: what a verifier is sent is the binary list.
import { hash } from 'node:crypto';
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
 * @returns `broken`: lines left out, the first hundred of them; `brokenCount`: how many there were
 */
export function imaListFromAscii(text: Uint8Array): { bytes: Uint8Array; broken: BrokenLine[]; brokenCount: number } {
  const source = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const entries: Buffer[] = [];
  const broken: BrokenLine[] = [];
  let brokenCount = 0;
  const leaveOut = (line: number, reason: string) => {
    brokenCount += 1;
    if (broken.length < brokenKept) broken.push({ line, reason });
  };
  /** Lines from the one an entry begins with to the one before the next entry. */
  const flush = (line: number, first: string, all: string) => {
    const whole = entryOf(all);
    const alone = all === first || isSound(whole) ? undefined : entryOf(first);
    const entry = isSound(alone) ? alone : whole;
    if (entry === undefined || typeof entry === 'string') leaveOut(line, entry ?? 'no entry');
    else entries.push(entry.bytes);
    if (entry === alone && alone !== undefined) leaveOut(line + 1, 'it belongs to no entry');
  };
  let at = 0;
  let entryLine = 0;
  let first = '';
  let begin = -1;
  for (let line = 1; at < source.length; line++) {
    const end = source.indexOf(0x0a, at);
    const stop = end < 0 ? source.length : end;
    const start = source.toString('latin1', at, Math.min(stop, at + 160));
    if (head.test(start)) {
      if (begin >= 0) flush(entryLine, first, source.toString('latin1', begin, at - 1));
      entryLine = line;
      begin = at;
      first = source.toString('latin1', at, stop);
    } else if (begin < 0 && stop > at) leaveOut(line, 'no PCR, template digest and template');
    at = stop + 1;
  }
  if (begin >= 0) flush(entryLine, first, source.toString('latin1', begin, source.length).replace(/\n$/, ''));
  return { bytes: Buffer.concat(entries), broken, brokenCount };
}

type Entry = { bytes: Buffer; sound: boolean };
const isSound = (entry: Entry | string | undefined) => typeof entry === 'object' && entry.sound;

/** @returns the entry, or what is wrong with its words */
function entryOf(text: string): Entry | string {
  const [start = '', pcr = '', digest = '', template = ''] = head.exec(text) ?? [];
  if (!start) return 'no PCR, template digest and template';
  if (Number(pcr) > 0xffffffff) return `PCR ${pcr}`;
  const data = dataOf(template, text.slice(start.length));
  if (typeof data === 'string') return data;
  const sha1 = Buffer.from(digest, 'hex');
  const legacy = template === 'ima';
  const hashed = legacy ? Buffer.concat([data.subarray(0, 20), padded(data.subarray(24))]) : data;
  const name = sized(Buffer.from(template, 'latin1'));
  return {
    bytes: Buffer.concat([u32(Number(pcr)), sha1, name, legacy ? data : sized(data)]),
    sound: hash('sha1', hashed, 'buffer').equals(sha1),
  };
}

/** Words after the template: the digest first, then the path up to as many words as the template has fields behind it. */
function dataOf(template: string, text: string): Buffer | string {
  const fields = templateFields(template);
  if (!fields) return Buffer.from(text, 'latin1');
  const [digest = '', ...words] = text.split(' ');
  const behind = Math.min(fields.length - 2, Math.max(0, words.length - 1));
  const path = Buffer.from(words.slice(0, words.length - behind).join(' '), 'latin1');
  if (template === 'ima') {
    const value = bytesOf(digest);
    return value?.length === 20 ? Buffer.concat([value, sized(path)]) : 'no SHA-1 digest of the file';
  }
  const parts = [digestField(digest), Buffer.concat([path, Buffer.alloc(1)])];
  for (let i = 0; i < fields.length - 2; i++) {
    const word = i < behind ? (words[words.length - behind + i] as string) : '';
    parts.push(fields[i + 2] === 'd-modsig' && word ? digestField(word) : bytesOf(word));
  }
  const wrong = parts.indexOf(undefined);
  if (wrong >= 0) return `field ${fields[wrong]} is not as it is printed`;
  return Buffer.concat(parts.map((part) => sized(part as Buffer)));
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
const sized = (bytes: Buffer) => Buffer.concat([u32(bytes.length), bytes]);
const padded = (name: Buffer) => Buffer.concat([name, Buffer.alloc(256)]).subarray(0, 256);
