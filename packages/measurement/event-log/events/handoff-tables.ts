// EV_EFI_HANDOFF_TABLES, EV_EFI_HANDOFF_TABLES2: tables that the firmware hands to the operating system, SMBIOS for one (PFP
// §10.2.7). The digest is of the tables; the log has only their kinds and addresses.
import { bad, sized, take, u8, u64le, within } from '@assay/core';
import { guidText, latin1, length64, withoutNuls } from '../../uefi/primitives.ts';
import type { EventType, Say } from '../event-type.ts';

/** `description` empty in events of the older type. `guid` says which kind of table it is. */
export type HandoffTablesContent = { description: string; tables: { guid: string; address: bigint }[] };

/** EFI_CONFIGURATION_TABLE: GUID and address. */
const tableLength = 24;

/** Kinds that are met (UEFI 2.10, §4.6). */
const kinds: Record<string, string> = {
  'eb9d2d31-2d88-11d3-9a16-0090273fc14d': 'SMBIOS',
  'f2fd1544-9794-4a2c-992e-e5bbcf20e394': 'SMBIOS 3',
  '8868e871-e4f1-11d3-bc22-0080c73c8881': 'ACPI',
  'eb9d2d30-2d88-11d3-9a16-0090273fc14d': 'ACPI 1.0',
};

const read =
  (hasDescription: boolean) =>
  (data: Uint8Array, say: Say): HandoffTablesContent => {
    const where = say('UEFI_HANDOFF_TABLE_POINTERS');
    const c = { bytes: data, at: 0 };
    const description = hasDescription
      ? withoutNuls(latin1(sized(255, u8).read(c, within(where, '.TableDescription'))))
      : '';
    const at = c.at;
    const count = length64.read(c, within(where, '.NumberOfTables'));
    if (count * tableLength !== data.length - c.at)
      throw bad('value', within(where, '.NumberOfTables'), at, `${data.length - c.at} bytes of tables`, count);
    const tables: HandoffTablesContent['tables'] = [];
    while (c.at < data.length) tables.push({ guid: guidText(take(c, 16, where)), address: u64le.read(c, where) });
    return { description, tables };
  };

const handoff = {
  kind: 'handoff-tables',
  describe: ({ description, tables }: HandoffTablesContent) =>
    `tables of the firmware${description && ` “${description}”`}: ${tables
      .slice(0, 16)
      .map(({ guid }) => kinds[guid] ?? guid)
      .join(', ')}${tables.length > 16 ? `, … (${tables.length})` : ''}`,
} as const;

export const handoffTables: EventType<'handoff-tables'>[] = [
  { number: 0x8000_0009, name: 'EV_EFI_HANDOFF_TABLES', ...handoff, read: read(false) },
  { number: 0x8000_000b, name: 'EV_EFI_HANDOFF_TABLES2', ...handoff, read: read(true) },
];
