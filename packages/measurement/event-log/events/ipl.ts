// EV_IPL: what a boot loader measures (PFP §10.4.1 leaves it to the loader): GRUB's commands and files, shim's lists of
// keys, systemd's kernel command line. The digest covers the text of GRUB's commands; of the rest the text is a label.
import { ucs2 } from '../../uefi/primitives.ts';
import type { EventType } from '../event-type.ts';

/**
 * `text` without NULs at the end. `command`: for GRUB's own words, what stands before the colon (`grub_cmd`,
 * `kernel_cmdline`, `module_cmdline`); `words`: the text after it.
 */
export type IplContent = { text: string; command: string | undefined; words: string };

const grub = /^(grub_cmd|kernel_cmdline|module_cmdline): ?/;

/** UTF-16 when every second byte is zero, else UTF-8. */
function textOf(data: Uint8Array): string {
  const wide = data.length >= 4 && data.every((byte, i) => i % 2 === 0 || byte === 0);
  const text = wide ? ucs2(data.subarray(0, data.length & ~1)) : new TextDecoder().decode(data);
  return text.replace(/\0+$/, '');
}

/** The bytes after the prefix, without the NUL that ends them: what GRUB hashes. */
function hashedWords(data: Uint8Array, prefix: string): Uint8Array {
  const end = data.at(-1) === 0 ? data.length - 1 : data.length;
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
};
