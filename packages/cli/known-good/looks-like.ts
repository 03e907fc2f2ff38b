// What does a file look like that is no package? By its first bytes, in words for the person who named it.
import { bootFileKind } from './boot-file.ts';
import { looksLikeList } from './list.ts';

/** So many bytes are enough. */
export const enoughToTell = 4096;

const magics: readonly (readonly [string, string])[] = [
  ['PK\x03\x04', 'a zip archive'],
  ['\x1f\x8b', 'a gzip file'],
  ['\xfd7zXZ\0', 'an xz file'],
  ['\x28\xb5\x2f\xfd', 'a zstd file'],
  ['BZh', 'a bzip2 file'],
  ['\x7fELF', 'a program or library (ELF)'],
  ['#!', 'a script'],
  ['%PDF', 'a PDF document'],
];

/** @param head the first bytes, `enoughToTell` of them where there are so many; `import`: what `assay reference import` takes */
export function looksLike(head: Buffer): { is: string; import: boolean } {
  const start = head.toString('latin1');
  const [, named] = magics.find(([magic]) => start.startsWith(magic)) ?? [];
  if (named) return { is: named, import: false };
  if (head.length === 0) return { is: 'an empty file', import: false };
  if (bootsFrom(head)) return { is: 'something that boots: a kernel, an initrd, an EFI application', import: true };
  if (start.slice(257, 262) === 'ustar') return { is: 'a tar archive', import: false };
  if (!isText(start)) return { is: 'a file of another kind', import: false };
  return looksLikeList(head) ? { is: 'a list or an export', import: true } : { is: 'a text', import: false };
}

function bootsFrom(head: Buffer): boolean {
  try {
    return bootFileKind(head, '') !== undefined;
  } catch {
    return true; // the beginning of an image, and no more of it
  }
}

/** No control characters beside those of lines. */
const isText = (start: string): boolean => [...start].every((char) => char >= ' ' || '\t\n\r\f'.includes(char));
