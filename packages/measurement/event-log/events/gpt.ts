// EV_EFI_GPT_EVENT, EV_EFI_GPT_EVENT2: the partition table of the disk that was booted from (PFP §10.2.6; UEFI 2.10, §5.3). The
// newer type leaves out what is unique to a machine: the GUIDs of disk and partitions are zero there.
import { bad, bytes, struct, take, u32le, u64le, within } from '@assay/core';
import { Guid, latin1, length64, ucs2 } from '../../uefi/primitives.ts';
import { allOfData, type EventType, type Say } from '../event-type.ts';

/** Blocks are numbered from the start of the disk (LBA), both ends included. `name` up to its NUL. */
export type Partition = {
  type: string;
  guid: string;
  firstBlock: bigint;
  lastBlock: bigint;
  attributes: bigint;
  name: string;
};

export type GptContent = {
  header: {
    revision: number;
    headerSize: number;
    headerCrc32: number;
    block: bigint;
    alternateBlock: bigint;
    firstUsableBlock: bigint;
    lastUsableBlock: bigint;
    diskGuid: string;
    entriesBlock: bigint;
    entryCount: number;
    entrySize: number;
    entriesCrc32: number;
  };
  /** Those in use. */
  partitions: Partition[];
};

/** EFI_PARTITION_TABLE_HEADER */
const Header = struct({
  signature: bytes(8),
  revision: u32le,
  headerSize: u32le,
  headerCrc32: u32le,
  reserved: u32le,
  block: u64le,
  alternateBlock: u64le,
  firstUsableBlock: u64le,
  lastUsableBlock: u64le,
  diskGuid: Guid,
  entriesBlock: u64le,
  entryCount: u32le,
  entrySize: u32le,
  entriesCrc32: u32le,
});
/** EFI_PARTITION_ENTRY */
const Entry = struct({
  type: Guid,
  guid: Guid,
  firstBlock: u64le,
  lastBlock: u64le,
  attributes: u64le,
  name: bytes(72),
});
const entryLength = 128;

/** UEFI_GPT_DATA: header, count, entries up to the end. */
function read(data: Uint8Array, say: Say): GptContent {
  const where = say('UEFI_GPT_DATA');
  const c = { bytes: data, at: 0 };
  const { signature, reserved: _, ...header } = Header.read(c, within(where, '.EfiPartitionHeader'));
  if (latin1(signature) !== 'EFI PART')
    throw bad('value', within(where, '.EfiPartitionHeader.Signature'), 0, 'EFI PART', signature);
  const at = c.at;
  const count = length64.read(c, within(where, '.NumberOfPartitions'));
  const size = count > 0 && count * header.entrySize === data.length - c.at ? header.entrySize : entryLength;
  if (size < entryLength || count * size !== data.length - c.at)
    throw bad('value', within(where, '.NumberOfPartitions'), at, `${data.length - c.at} bytes of entries`, count);
  const partitions: Partition[] = [];
  const inside = within(where, '.Partitions');
  for (let i = 0; i < count; i++) {
    const { name, ...fields } = Entry.read({ bytes: take(c, size, inside), at: 0 }, inside);
    partitions.push({ ...fields, name: ucs2(name).replace(/\0.*$/s, '') });
  }
  return { header, partitions };
}

const gpt = {
  kind: 'gpt',
  read,
  describe: ({ header, partitions }: GptContent) =>
    `partition table of disk ${header.diskGuid}: ${partitions
      .slice(0, 16)
      .map(({ name, guid }) => (name ? `“${name}”` : guid))
      .join(', ')}${partitions.length > 16 ? `, … (${partitions.length})` : ''}`,
  mayCover: allOfData,
} as const;

export const gpts: EventType<'gpt'>[] = [
  { number: 0x8000_0006, name: 'EV_EFI_GPT_EVENT', ...gpt },
  { number: 0x8000_000d, name: 'EV_EFI_GPT_EVENT2', ...gpt },
];
