// Which part of a host does each measurement speak of, and as what? Firmware, boot loader, hypervisor, operating system.
// Event types and texts are not authenticated: they decide under which name a measurement is compared, never whether.
// Every event that extends a PCR belongs to exactly one component, so that none escapes comparison.
import type { BootEvent, EventOf } from './event-log/event.ts';
import { linuxTags } from './event-log/events/tagged.ts';

export type ComponentName = 'firmware' | 'boot_loader' | 'hypervisor' | 'operating_system';

/** `role`: what was measured, in words: `kernel image`. */
export type Attribution = { event: BootEvent; component: ComponentName; role: string };

type Part = [ComponentName, string];

/** GRUB commands that start something, and those that give it an initrd. */
const startsKernel = /^(linux|linux16|linuxefi|multiboot2?|module2?|xen_hypervisor|xen_module|chainloader)\s/;
const loadsInitrd = /^(initrd|initrd16|initrdefi)\s/;

/** @param events of one log, in order  @returns one entry for each event that extends a PCR, in the same order */
export function componentsOf(events: readonly BootEvent[]): Attribution[] {
  const said = grubSaid(events);
  const kernels = kernelImages(events, said);
  return events
    .filter(({ kind }) => kind !== 'no-action')
    .map((event) => {
      const [component, role] = partOf(event, said, kernels);
      return { event, component, role };
    });
}

/** The kernel image as an EFI application; undefined where the log has none. The last one, should there be several. */
export function kernelEventOf(events: readonly BootEvent[]): BootEvent | undefined {
  return [...kernelImages(events, grubSaid(events))].at(-1);
}

/** What GRUB was told: where it began to start a kernel, and which files it took for what. */
type GrubSaid = { spoke: boolean; startsAt: number; kernelFiles: Set<string>; initrdFiles: Set<string> };

function grubSaid(events: readonly BootEvent[]): GrubSaid {
  const said: GrubSaid = { spoke: false, startsAt: Infinity, kernelFiles: new Set(), initrdFiles: new Set() };
  for (const { kind, content, index } of events) {
    if (kind !== 'ipl' || !content?.command) continue;
    said.spoke = true;
    if (content.command !== 'grub_cmd') continue;
    const [, ...files] = content.words.trim().split(/\s+/);
    if (startsKernel.test(content.words)) {
      said.startsAt = Math.min(said.startsAt, index);
      if (files[0]) said.kernelFiles.add(files[0]);
    } else if (loadsInitrd.test(content.words)) for (const file of files) said.initrdFiles.add(file);
  }
  return said;
}

const isApplication = (event: BootEvent): event is EventOf<'image'> =>
  event.pcr === 4 && event.type === 'EV_EFI_BOOT_SERVICES_APPLICATION';

/** With GRUB, what it loads after the command that starts a kernel; else the last application, which nothing follows. */
function kernelImages(events: readonly BootEvent[], said: GrubSaid): Set<BootEvent> {
  const applications = events.filter(isApplication);
  return new Set(said.spoke ? applications.filter(({ index }) => index > said.startsAt) : applications.slice(-1));
}

function partOf(event: BootEvent, said: GrubSaid, kernels: ReadonlySet<BootEvent>): Part {
  const { pcr } = event;
  if (pcr <= 3 || (pcr >= 5 && pcr <= 7)) return ['firmware', firmwareRoles[event.kind] ?? 'firmware data'];
  if (pcr === 4) return bootPart(event, kernels);
  if (pcr === 8) return commandPart(event);
  if (pcr === 9) return filePart(event, said);
  if (pcr === 11) return ['hypervisor', 'part of a unified kernel image'];
  if (pcr === 12) return ['hypervisor', 'kernel command line or configuration'];
  if (pcr === 14) return ['boot_loader', 'key list of shim'];
  if (pcr >= 17 && pcr <= 22) return ['hypervisor', 'dynamic launch'];
  if (pcr >= 24) return ['firmware', 'a PCR that no TPM has'];
  return ['operating_system', 'measurement of the running system'];
}

const firmwareRoles: Partial<Record<BootEvent['kind'], string>> = {
  action: 'action',
  'firmware-blob': 'firmware code',
  image: 'driver or option ROM',
  separator: 'separator',
  variable: 'UEFI variable',
  version: 'firmware version',
};

function bootPart(event: BootEvent, kernels: ReadonlySet<BootEvent>): Part {
  if (kernels.has(event)) return ['hypervisor', 'kernel image'];
  if (event.kind === 'action' || event.kind === 'separator') return ['firmware', event.kind];
  return ['boot_loader', event.kind === 'image' ? 'boot loader image' : 'boot loader data'];
}

function commandPart(event: BootEvent): Part {
  if (event.kind !== 'ipl' || !event.content) return ['boot_loader', 'boot loader data'];
  const { command, words } = event.content;
  if (command !== 'grub_cmd') return ['hypervisor', 'kernel command line'];
  if (startsKernel.test(words)) return ['hypervisor', 'command that starts the kernel'];
  if (loadsInitrd.test(words)) return ['operating_system', 'command that loads the initrd'];
  return ['boot_loader', 'boot loader command'];
}

function filePart(event: BootEvent, said: GrubSaid): Part {
  if (event.kind === 'tagged' && event.content?.tag === linuxTags.loadOptions)
    return ['hypervisor', 'kernel command line'];
  if (event.kind === 'tagged' && event.content?.tag === linuxTags.initrd) return ['operating_system', 'initrd'];
  if (event.kind !== 'ipl' || !event.content) return ['operating_system', 'file'];
  if (said.kernelFiles.has(event.content.text)) return ['hypervisor', 'kernel file'];
  if (said.initrdFiles.has(event.content.text)) return ['operating_system', 'initrd file'];
  return ['boot_loader', 'file of the boot loader'];
}

/** Whose PCR this is before the log says more: what an unexplained value of it speaks against. */
export function componentOfPcr(pcr: number): ComponentName {
  if (pcr <= 3 || (pcr >= 5 && pcr <= 7)) return 'firmware';
  if (pcr === 4 || pcr === 8 || pcr === 14) return 'boot_loader';
  if (pcr === 11 || pcr === 12 || (pcr >= 17 && pcr <= 22)) return 'hypervisor';
  return 'operating_system';
}
