// Which part of a host does each measurement speak of, and as what? Firmware, boot loader, hypervisor, operating system.
// Event types and texts are not authenticated: they decide under which name a measurement is compared, never whether.
// Every event that extends a PCR belongs to exactly one component, so that none escapes comparison.
import type { BootEvent, EventOf, HashName } from './event-log/event.ts';
import { linuxTags } from './event-log/events/tagged.ts';
import { type GrubCommand, type GrubFile, type GrubStory, grubStory } from './grub.ts';
import { globalVariable, shimLock } from './uefi/variable-meaning.ts';

export type ComponentName = 'firmware' | 'boot_loader' | 'hypervisor' | 'operating_system';

/** What was measured, in words. */
export type Role =
  | GrubCommand
  | GrubFile
  | 'a PCR that no TPM has'
  | 'action'
  | 'boot loader data'
  | 'boot loader image'
  | 'credentials'
  | 'device tree'
  | 'driver or option ROM'
  | 'dynamic launch'
  | 'file'
  | 'file of the boot loader'
  | 'firmware code'
  | 'firmware data'
  | 'firmware version'
  | 'initrd'
  | 'kernel command line or configuration'
  | 'kernel image'
  | 'key list of shim'
  | 'measurement of the running system'
  | 'microcode'
  | 'name of a part of a unified kernel image'
  | 'part of a unified kernel image'
  | 'separator'
  | 'system extension'
  | 'UEFI variable';

export type Attribution = { event: BootEvent; component: ComponentName; role: Role };

type Part = [ComponentName, Role];

/** What has to be known of a whole log to say what one event is. */
type Story = { grub: GrubStory; kernels: ReadonlySet<BootEvent>; sectionNames: ReadonlySet<BootEvent> };

/**
 * @param events of one log, in order
 * @param grub what GRUB said in them, where that is known already
 * @returns one entry for each event that extends a PCR, in the same order
 */
export function componentsOf(events: readonly BootEvent[], grub: GrubStory = grubStory(events)): Attribution[] {
  const story = { grub, kernels: kernelImages(events, grub), sectionNames: namesOfSections(events) };
  const parts: Attribution[] = [];
  for (const event of events) {
    if (event.kind === 'no-action') continue;
    const [component, role] = partOf(event, story);
    parts.push({ event, component, role });
  }
  return parts;
}

/** The kernel image as an EFI application; undefined where the log has none. The last one, should there be several. */
export function kernelEventOf(events: readonly BootEvent[]): BootEvent | undefined {
  return [...kernelImages(events, grubStory(events))].at(-1);
}

const isApplication = (event: BootEvent): event is EventOf<'image'> =>
  event.pcr === 4 && event.type === 'EV_EFI_BOOT_SERVICES_APPLICATION';

/**
 * Without GRUB the last application, which nothing follows. With GRUB the last one behind shim and GRUB, as often as it was measured, and
 * only with Secure Boot on: else nobody measures the kernel here, and it is known by its file alone. Where GRUB's commands stand does
 * not count: the log replays with another order of events in other PCRs, too (L25).
 */
function kernelImages(events: readonly BootEvent[], grub: GrubStory): Set<BootEvent> {
  const applications = events.filter(isApplication);
  if (!grub.spoke) return new Set(applications.slice(-1));
  if (!events.some(isOfShim) || !events.some(isSecureBootOn)) return new Set();
  const last = applications.at(-1);
  const others = last ? applications.findLastIndex((one) => !sameDigests(one, last)) + 1 : 0;
  return new Set(applications.slice(Math.max(others, 2)));
}

const sameDigests = (a: BootEvent, b: BootEvent): boolean =>
  Object.entries(a.digests).every(([bank, digest]) => {
    const other = b.digests[bank as HashName];
    return other !== undefined && Buffer.compare(digest, other) === 0;
  });

const isOfShim = (event: BootEvent): boolean =>
  (event.pcr === 14 && event.kind === 'ipl') ||
  (event.pcr === 7 && event.kind === 'variable' && event.content?.guid === shimLock);

const isSecureBootOn = (event: BootEvent): boolean =>
  event.pcr === 7 &&
  event.kind === 'variable' &&
  event.content?.guid === globalVariable &&
  event.content.name === 'SecureBoot' &&
  event.content.meaning.is === 'flag' &&
  event.content.meaning.on === true;

/** systemd-stub measures each section of a unified kernel image twice: its name, then what it holds, both under the name. */
function namesOfSections(events: readonly BootEvent[]): Set<BootEvent> {
  const names = new Set<BootEvent>();
  let name: string | undefined;
  for (const event of events) {
    if (event.pcr !== 11) continue;
    const text = textOf(event);
    if (text === undefined || text === name) name = undefined;
    else {
      names.add(event);
      name = text;
    }
  }
  return names;
}

const textOf = (event: BootEvent): string | undefined => (event.kind === 'ipl' ? event.content?.text : undefined);
const tagOf = (event: BootEvent): number | undefined => (event.kind === 'tagged' ? event.content?.tag : undefined);

function partOf(event: BootEvent, story: Story): Part {
  const { pcr } = event;
  if (pcr <= 3 || (pcr >= 5 && pcr <= 7)) return ['firmware', firmwareRoles[event.kind] ?? 'firmware data'];
  if (pcr === 4) return bootPart(event, story);
  if (pcr === 8) return commandPart(event, story);
  if (pcr === 9) return filePart(event, story);
  if (pcr === 11) return unifiedPart(event, story);
  if (pcr === 12) return configurationPart(event);
  if (pcr === 13) return ['operating_system', 'system extension'];
  if (pcr === 14) return ['boot_loader', 'key list of shim'];
  if (pcr >= 17 && pcr <= 22) return ['hypervisor', 'dynamic launch'];
  if (pcr >= 24) return ['firmware', 'a PCR that no TPM has'];
  return ['operating_system', 'measurement of the running system'];
}

const firmwareRoles: Partial<Record<BootEvent['kind'], Role>> = {
  action: 'action',
  'firmware-blob': 'firmware code',
  image: 'driver or option ROM',
  separator: 'separator',
  variable: 'UEFI variable',
  version: 'firmware version',
};

function bootPart(event: BootEvent, { kernels }: Story): Part {
  if (kernels.has(event)) return ['hypervisor', 'kernel image'];
  if (event.kind === 'action' || event.kind === 'separator') return ['firmware', event.kind];
  return ['boot_loader', event.kind === 'image' ? 'boot loader image' : 'boot loader data'];
}

const commandComponents: Partial<Record<GrubCommand, ComponentName>> = {
  'boot loader command': 'boot_loader',
  'command that loads the initrd': 'operating_system',
};

function commandPart(event: BootEvent, { grub }: Story): Part {
  const role = grub.commands.get(event.index);
  if (role) return [commandComponents[role] ?? 'hypervisor', role];
  // systemd up to version 250 measured the command line here.
  return textOf(event) === undefined ? ['boot_loader', 'boot loader data'] : ['hypervisor', 'kernel command line'];
}

function filePart(event: BootEvent, { grub }: Story): Part {
  if (tagOf(event) === linuxTags.loadOptions) return ['hypervisor', 'kernel command line'];
  if (tagOf(event) === linuxTags.initrd) return ['operating_system', 'initrd'];
  const text = textOf(event);
  if (text === undefined) return ['operating_system', 'file'];
  const file = grub.files.get(text);
  if (!file) return ['boot_loader', 'file of the boot loader'];
  return [file === 'initrd file' ? 'operating_system' : 'hypervisor', file];
}

function unifiedPart(event: BootEvent, { sectionNames }: Story): Part {
  if (sectionNames.has(event)) return ['hypervisor', 'name of a part of a unified kernel image'];
  const section = textOf(event);
  if (section === '.linux') return ['hypervisor', 'kernel image'];
  if (section === '.initrd') return ['operating_system', 'initrd'];
  return ['hypervisor', 'part of a unified kernel image'];
}

/** What systemd-stub adds to a unified kernel image. */
function configurationPart(event: BootEvent): Part {
  const tag = tagOf(event);
  if (tag === linuxTags.initrdAddon) return ['operating_system', 'initrd'];
  if (tag === linuxTags.deviceTreeAddon) return ['hypervisor', 'device tree'];
  if (tag === linuxTags.microcodeAddon) return ['hypervisor', 'microcode'];
  const text = textOf(event);
  if (text === 'Credentials initrd' || text === 'Global credentials initrd') return ['operating_system', 'credentials'];
  return ['hypervisor', text === undefined ? 'kernel command line or configuration' : 'kernel command line'];
}

/** Whose PCR this is before the log says more: what an unexplained value of it speaks against. */
export function componentOfPcr(pcr: number): ComponentName {
  if (pcr <= 3 || (pcr >= 5 && pcr <= 7)) return 'firmware';
  if (pcr === 4 || pcr === 8 || pcr === 14) return 'boot_loader';
  if (pcr === 11 || pcr === 12 || (pcr >= 17 && pcr <= 22)) return 'hypervisor';
  return 'operating_system';
}
