// Is the kernel's command line one that the policy allows? By its proven text, or, where the boot log has its digest alone, by trying the lines
// that are allowed. What the kernel makes of its words says kernel-words.ts. Not covered: a command line that was built into the kernel, and
// bootconfig in an initrd, which are part of what those measure.
import { hash } from 'node:crypto';
import { type Claims, loadOptionsOf } from '@assay/measurement';
import type { Finding } from '@assay/protocol';
import { type HashName, nodeHash } from '@assay/tpm/structures';
import { finding } from '../findings/finding.ts';
import type { QuotedEvent } from '../reference/learn.ts';
import type { Verified } from '../verify-evidence.ts';
import { Glob } from './glob.ts';
import { dashes, kernelBytes, kernelWords, plainWords, trimmed, wordPattern, wordText } from './kernel-words.ts';
import type { Policy } from './policy.ts';

/** `text` without the path of the kernel, `whole` as the kernel gets it; `event` it rests on. */
type Line = { text: string; whole: string; event: number };
type Unproven = { unproven: string; event: number | undefined };

const place = { component: 'hypervisor' } as const;
const where = 'kernel command line';

/** Words that have to be there, and such that may not. */
export function commandLineFindings({ document }: Policy, verification: Verified): Finding[] {
  const { require: required = [], forbid = [], allow = [] } = document.command_line ?? {};
  if (required.length === 0 && forbid.length === 0) return [];
  const line = lineOf(verification, allow);
  if ('unproven' in line) {
    const at = line.event === undefined ? place : { ...place, event: line.event };
    return [finding('command-line-unproven', where, 'a command line that is proven', line.unproven, at)];
  }
  const of = { ...place, event: line.event };
  return [
    ...missing(required, line.text).map((word) => finding('command-line-missing', where, word, line.text, of)),
    ...forbidden(forbid, line.whole).map(({ pattern, word }) =>
      finding('command-line-forbidden', where, `no word “${pattern}”`, word, of),
    ),
  ];
}

/** Whether the policy itself vouches for this measurement: that of a command line it allows, or of the command with it. */
export function coveredByPolicy({ document }: Policy, verification: Verified): (part: QuotedEvent) => boolean {
  const allow = document.command_line?.allow ?? [];
  const line = lineOf(verification, allow);
  if ('unproven' in line || !allow.some((pattern) => allows(pattern, line.text))) return () => false;
  const allowed = plain(line.text);
  return ({ role, event }) => {
    // That all lines of a log, and the commands they come from, say the same, the claim has made sure of.
    if (role === 'kernel command line') return event.kind === 'tagged' || event.kind === 'ipl';
    if (role !== 'command that starts the kernel' || event.kind !== 'ipl') return false;
    const { path = '', rest } = withoutPath(trimmed(event.content?.words ?? '').replace(/^[^ \t]+[ \t]*/, ''));
    return path !== '' && plain(rest) === allowed;
  };
}

/** A star that stood for `--` would give to init what follows: a pattern has as many of them as a line. */
function allows(pattern: string, text: string): boolean {
  const [allowed, line] = [kernelBytes(trimmed(pattern)), kernelBytes(text)];
  return new Glob(allowed, 'line').matches(line) && dashes(allowed) === dashes(line);
}

/** The quotes GRUB writes differ between a command and the line it makes of it. */
const plain = (text: string) => trimmed(text.replace(/[\\'"]/g, ''));

/** Those of the patterns that no word in force fits: of two words of one name the last counts. */
function missing(patterns: readonly string[], text: string): string[] {
  const words = kernelWords(kernelBytes(text)).kernel;
  const globs = patterns.map((pattern) => ({ pattern, glob: new Glob(wordPattern(pattern), 'word') }));
  const last = new Map(words.map((word) => [word.name.replaceAll('-', '_'), wordText(word)]));
  return globs
    .filter(({ glob }) => {
      const fitting = words.filter((word) => glob.matches(wordText(word)));
      const inForce = fitting.filter(({ name }) => {
        const final = last.get(name.replaceAll('-', '_')) ?? '';
        return globs.some((one) => one.glob.matches(final));
      });
      return inForce.length === 0;
    })
    .map(({ pattern }) => pattern);
}

/** Whoever reads the line, however it splits words: the kernel, what runs before it, init. */
function forbidden(patterns: readonly string[], text: string): { pattern: string; word: string }[] {
  const line = kernelBytes(text);
  const { kernel, init } = kernelWords(line);
  const words = [...kernel, ...init, ...plainWords(line)].map(wordText);
  return patterns.flatMap((pattern) => {
    const glob = new Glob(wordPattern(pattern), 'word');
    const word = words.find((one) => glob.matches(one));
    return word === undefined ? [] : [{ pattern, word: Buffer.from(word, 'latin1').toString('utf8') }];
  });
}

/** Linux takes 2,048 characters on most machines, and cuts off the rest. */
const longestBytes = 2047;
const tooLong = `more than ${longestBytes} bytes`;
/** What no boot loader writes: the EFI stub ends the line at a newline, and U+FFFD stands for bytes that are no text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const strange = /[\u0000-\u001f\u007f\ufffd]/;

function lineOf({ claims, events }: Verified, allow: readonly string[]): Line | Unproven {
  const claim = claims.commandLine;
  if (!claim) return byDigest(claims, events, allow);
  const [event = -1] = claim.events;
  const spoken = events.find((part) => part.event.index === event)?.event;
  const content = spoken?.kind === 'ipl' ? spoken.content : undefined;
  if (!content) return { unproven: 'an event without its text', event };
  if (content.words.length > 2 * longestBytes) return { unproven: tooLong, event };
  const words = trimmed(content.words);
  if (strange.test(words)) return { unproven: 'a line with characters that no command line has', event };
  const whole = `BOOT_IMAGE=${words}`;
  if (Buffer.byteLength(whole) > longestBytes) return { unproven: tooLong, event };
  if (content.command !== 'kernel_cmdline') return { text: words, whole: words, event };
  const { path, rest } = withoutPath(words);
  return path === undefined
    ? { unproven: 'a line that does not begin with the path of a kernel, in ASCII', event }
    : { text: rest, whole, event };
}

/** GRUB's line begins with the path. One with quotes, or with bytes the kernel may take for blanks, cannot be told from what follows. */
function withoutPath(words: string): { path: string | undefined; rest: string } {
  const [, path, rest = ''] = /^([!#-&(-[\]-~]+)(?:[ \t]+(.*))?$/s.exec(words) ?? [];
  return { path, rest };
}

/** The one allowed line whose digest every measured line has: a star in it is a star there. */
function byDigest(claims: Claims, events: readonly QuotedEvent[], allow: readonly string[]): Line | Unproven {
  const lines = events.filter(({ role }) => role === 'kernel command line');
  const measured = claims.loadOptions.map(({ value }) => value.digests);
  const [event] = claims.loadOptions[0]?.events ?? [];
  const withheld = claims.withheld.find(({ claim }) => claim === 'commandLine');
  const unproven: Unproven = { unproven: withheld?.reason ?? 'no event measures it', event };
  const digestsAlone = measured.length === lines.length; // one of them with a text is none of these
  if (event === undefined || !digestsAlone) return unproven;
  for (const text of allow.map(trimmed)) {
    const isThis = (digests: Readonly<Record<string, string>>) =>
      loadOptionsOf(text).some((bytes) =>
        Object.entries(digests).every(([bank, digest]) => hash(nodeHash(bank as HashName), bytes, 'hex') === digest),
      );
    if (measured.every((digests) => Object.keys(digests).length > 0 && isThis(digests)))
      return { text, whole: text, event };
  }
  return unproven;
}
