// Which measurements of two boots are to be compared with one another? Those that are the same thing: the kernel image with the kernel
// image, db with db. What a thing is, the log says; every measurement that was extended is in exactly one slot.
import { type Attribution, type BootEvent, globalVariable } from '@assay/measurement';

export type Slot = {
  component: string;
  /** For people: `kernel image`, `db`, `boot entry Boot0001`. */
  name: string;
  /** How its changes are put in words. */
  kind: 'secure-boot' | 'version' | 'keys' | 'command-line' | 'image' | 'blob' | 'text' | 'other';
  /** Of a variable: its name. */
  key: string;
  events: BootEvent[];
};

/** @param parts as `componentsOf` gives them */
export function slotsOf(parts: readonly Attribution[]): Map<string, Slot> {
  const slots = new Map<string, Slot>();
  for (const part of parts) {
    const { name, kind, key = '' } = slotOf(part);
    const id = `${part.component} ${part.event.pcr} ${name}`;
    const slot = slots.get(id) ?? { component: part.component, name, kind, key, events: [] };
    slot.events.push(part.event);
    slots.set(id, slot);
  }
  return slots;
}

type Kind = Pick<Slot, 'name' | 'kind'> & { key?: string };

function slotOf({ event, role }: Attribution): Kind {
  if (event.kind === 'variable' && event.content)
    return variableSlot(event.type, event.content.guid, event.content.name);
  if (event.kind === 'version') return { name: 'firmware version', kind: 'version' };
  if (event.kind === 'firmware-blob') return { name: 'firmware code', kind: 'blob' };
  if (event.kind === 'image') return { name: role, kind: 'image' };
  if (role === 'kernel command line' && event.kind === 'ipl') return { name: role, kind: 'command-line' };
  if (event.kind === 'ipl' || event.kind === 'action') return { name: role, kind: 'text' };
  if (event.kind === 'separator') return { name: `separator of PCR ${event.pcr}`, kind: 'other' };
  return { name: event.kind === 'opaque' ? `${role} (${event.type})` : role, kind: 'other' };
}

function variableSlot(type: string, guid: string, name: string): Kind {
  if (type === 'EV_EFI_VARIABLE_AUTHORITY') return { name: 'keys that vouched for what was started', kind: 'text' };
  if (guid === globalVariable && name === 'SecureBoot') return { name: 'secure boot', kind: 'secure-boot', key: name };
  if (/^(PK|KEK|dbx?|dbt|dbr|MokList\w*)$/.test(name)) return { name, kind: 'keys', key: name };
  if (name === 'BootOrder') return { name: 'boot order', kind: 'other', key: name };
  if (/^Boot[0-9A-F]{4}$/.test(name)) return { name: `boot entry ${name}`, kind: 'other', key: name };
  return { name: `variable ${name}`, kind: 'other', key: name };
}
