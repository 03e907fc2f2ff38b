// EV_IPL: what a boot loader measures (PFP §10.4.1 leaves it to the loader): GRUB's commands and files, shim's lists of
// keys, systemd's kernel command line. The digest covers the text of GRUB's commands; of the rest the text is a label.
import { ucs2, utf8, withoutNuls } from '../../uefi/primitives.ts';
import type { EventType } from '../event-type.ts';

/**
 * `text` without NULs at the end. `command`: for GRUB's own words, what stands before the colon (`grub_cmd`,
 * `kernel_cmdline`, `module_cmdline`); `words`: the text after it.
 */
export type IplContent = { text: string; command: string | undefined; words: string };

const grub = /^(grub_cmd|kernel_cmdline|module_cmdline): ?/;

/** UTF-16 when every second byte is zero, else UTF-8. */
function textOf(data: Uint8Array): string {
  return withoutNuls(isWide(data) ? ucs2(data) : utf8(data));
}

function isWide(data: Uint8Array): boolean {
  if (data.length < 4) return false;
  for (let i = 1; i < data.length; i += 2) if (data[i] !== 0) return false;
  return true;
}

/**
 * What systemd and others hash of a text that the log has in UTF-16: with its NULs, without them, or in ASCII and with one
 * (names of a unified kernel image's sections).
 */
function perhapsHashed(data: Uint8Array): Uint8Array[] {
  let end = data.length;
  while (end > 0 && data[end - 1] === 0) end--;
  if (!isWide(data)) return [data, data.subarray(0, end)];
  return [
    data,
    data.subarray(0, end + (end % 2)),
    Uint8Array.from({ length: (end + 1) / 2 + 1 }, (_, i) => data[2 * i] ?? 0),
  ];
}

/** The bytes after the prefix, without the NUL that ends them: what GRUB hashes. */
function hashedWords(data: Uint8Array, prefix: string): Uint8Array {
  const end = data[data.length - 1] === 0 ? data.length - 1 : data.length;
  const start = prefix.length + 1;
  return data.subarray(data[start] === 0x20 ? start + 1 : start, end);
}

export const ipl: EventType<'ipl'> = {
  number: 0x0000_000d,
  name: 'EV_IPL',
  kind: 'ipl',
  read(data) {
    const text = textOf(data);
    const command = grub.exec(text);
    return { text, command: command?.[1], words: command ? text.slice(command[0].length) : text };
  },
  describe: ({ text }) => `“${text}”`,
  covers: ({ command }, data) => (command ? [hashedWords(data, command)] : []),
  mayCover: ({ command }, data) => (command ? [] : perhapsHashed(data)),
};
