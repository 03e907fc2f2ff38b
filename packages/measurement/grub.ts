// What did GRUB say it did? Its commands (PCR 8) tell which of the files it read (PCR 9) is kernel, hypervisor or initrd, and
// which command line belongs to which. Texts are as the log has them: whether a digest vouches for them is not asked here.
import type { BootEvent } from './event-log/event.ts';

export type GrubFile = 'kernel file' | 'hypervisor file' | 'initrd file';
export type GrubCommand =
  | 'boot loader command'
  | 'command that starts the kernel'
  | 'command that loads the initrd'
  | 'kernel command line'
  | 'hypervisor command line'
  | 'module command line';

export type GrubStory = {
  /** GRUB measured at least one command. */
  spoke: boolean;
  /** By the path GRUB was given. */
  files: ReadonlyMap<string, GrubFile>;
  /** By number of the event, of those in PCR 8. */
  commands: ReadonlyMap<number, GrubCommand>;
  /** By number of the event with a command line: the arguments of the command it must come from. */
  argumentsOf: ReadonlyMap<number, string>;
  /** Numbers of events with a command that starts something, or loads a module, and whose command line does not come next. */
  unanswered: readonly number[];
};

/** Commands that start something; what starts with `m` or `x` is Multiboot, where a hypervisor comes first and its modules follow. */
const starts = /^(linux|linux16|linuxefi|multiboot2?|xen_hypervisor)(\s|$)/;
const loadsModule = /^(module2?|xen_module)(\s|$)/;
const loadsInitrd = /^(initrd|initrd16|initrdefi)(\s|$)/;

/** @param events of one log, in order; those of other PCRs than 8 are passed over */
export function grubStory(events: readonly BootEvent[]): GrubStory {
  const files = new Map<string, GrubFile>();
  const commands = new Map<number, GrubCommand>();
  const argumentsOf = new Map<number, string>();
  let started = '';
  let multiboot = false;
  /** Arguments of each module, in order; the first is the kernel that the hypervisor starts. */
  let modules: string[] = [];
  let moduleLines = 0;
  const unanswered: number[] = [];
  /** The command whose line has to come next. */
  let asks: number | undefined;
  const noLine = () => {
    if (asks !== undefined) unanswered.push(asks);
    asks = undefined;
  };

  const command = (words: string, index: number): GrubCommand => {
    const text = words.trim();
    if (starts.test(text) || loadsModule.test(text)) {
      noLine();
      asks = index;
    }
    if (starts.test(text)) {
      const [file, rest] = fileAndRest(text);
      multiboot = /^[mx]/.test(text);
      if (file) files.set(file, multiboot ? 'hypervisor file' : 'kernel file');
      started = multiboot ? rest : withoutFirst(text);
      modules = [];
      moduleLines = 0;
      return 'command that starts the kernel';
    }
    if (loadsModule.test(text)) {
      const [file, rest] = fileAndRest(text);
      const first = modules.push(rest) === 1;
      if (file) files.set(file, first ? 'kernel file' : 'initrd file');
      return first ? 'command that starts the kernel' : 'command that loads the initrd';
    }
    if (!loadsInitrd.test(text)) return 'boot loader command';
    for (const file of text.split(/\s+/).slice(1)) files.set(file.replace(/^newc:[^:]*:/, ''), 'initrd file');
    return 'command that loads the initrd';
  };

  for (const { pcr, kind, content, index } of events) {
    if (pcr !== 8 || kind !== 'ipl' || !content?.command) continue;
    if (content.command === 'grub_cmd') commands.set(index, command(content.words, index));
    else if (content.command === 'kernel_cmdline') {
      commands.set(index, multiboot ? 'hypervisor command line' : 'kernel command line');
      argumentsOf.set(index, started);
      asks = undefined;
    } else {
      commands.set(index, moduleLines === 0 ? 'kernel command line' : 'module command line');
      argumentsOf.set(index, modules[moduleLines++] ?? '');
      asks = undefined;
    }
  }
  noLine();
  return { spoke: commands.size > 0, files, commands, argumentsOf, unanswered };
}

const withoutFirst = (text: string): string => text.replace(/^\S+\s*/, '');

/** The file a command names, its options left out, and what stands behind it. */
function fileAndRest(text: string): [file: string | undefined, rest: string] {
  let rest = withoutFirst(text);
  while (rest.startsWith('--')) rest = withoutFirst(rest);
  return [/^\S+/.exec(rest)?.[0], withoutFirst(rest)];
}
