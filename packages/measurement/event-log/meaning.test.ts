// Every corpus log says the same to us as to tpm2-tools: each event's type, digests, and every field of its data.
// Where tpm2-tools misreads (their version of then), the difference is named here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BootEvent, type EventLog, parseEventLog } from '../index.ts';
import { corpusLog, corpusLogs, expectedEvents, unquoted, type Yaml } from '../testing/index.ts';
import { keysOf, readKey } from '../uefi/signature-list.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const at = (number: bigint | number) => `0x${number.toString(16)}`;
const yes = (on: boolean | undefined) => (on ? 'Yes' : 'No');

/** The data of an event as tpm2_eventlog has it. */
function inTheirWords(event: BootEvent, format: EventLog['format']): Yaml | undefined {
  const { kind, content, data } = event;
  if (content === undefined) return data.length ? hex(data) : undefined;
  switch (kind) {
    case 'action':
      return content.text;
    case 'firmware-blob':
      return content.base === undefined
        ? hex(data)
        : { BlobBase: at(content.base), BlobLength: at(content.length ?? 0n) };
    case 'gpt':
      return gpt(content);
    case 'image':
      return {
        ImageLocationInMemory: at(content.location),
        ImageLengthInMemory: String(content.length),
        ImageLinkTimeAddress: at(content.linkTimeAddress),
        LengthOfDevicePath: String(content.devicePath.length),
        // They show what lies behind a path of length 0 as the path.
        DevicePath: hex(content.devicePath) + hex(content.trailing),
      };
    case 'ipl':
      return { String: latin1(data) };
    case 'no-action':
      assert.equal(content.signature, 'spec-id');
      return content.signature === 'spec-id' ? specId(content) : undefined;
    case 'variable':
      return variable(content, event.type, format !== 'sha1');
    default:
      return hex(data);
  }
}

type Content<K extends BootEvent['kind']> = NonNullable<Extract<BootEvent, { kind: K }>['content']>;

const names: Record<number, string> = { 4: 'sha1', 11: 'sha256', 12: 'sha384', 13: 'sha512' };
const specId = (id: Extract<Content<'no-action'>, { signature: 'spec-id' }>): Yaml => {
  const [, major = '', minor = '', errata = ''] = /^(\d+)\.(\d+) errata (\d+)$/.exec(id.version) ?? [];
  return [
    {
      Signature: 'Spec ID Event03',
      platformClass: String(id.platformClass),
      specVersionMinor: minor,
      specVersionMajor: major,
      specErrata: errata,
      uintnSize: String(id.uintnSize),
      numberOfAlgorithms: String(id.algorithms.length),
      Algorithms: id.algorithms.map(({ id: algorithm, size }, i) => ({
        [`Algorithm[${i}]`]: '',
        algorithmId: names[algorithm] ?? '?',
        digestSize: String(size),
      })),
      vendorInfoSize: String(id.vendorInfo.length),
    },
  ];
};

const gpt = ({ header, partitions }: Content<'gpt'>): Yaml => ({
  Header: {
    Signature: 'EFI PART',
    Revision: at(header.revision),
    HeaderSize: String(header.headerSize),
    HeaderCRC32: at(header.headerCrc32),
    MyLBA: at(header.block),
    AlternateLBA: at(header.alternateBlock),
    FirstUsableLBA: at(header.firstUsableBlock),
    LastUsableLBA: at(header.lastUsableBlock),
    DiskGUID: header.diskGuid,
    PartitionEntryLBA: at(header.entriesBlock),
    NumberOfPartitionEntry: String(header.entryCount),
    SizeOfPartitionEntry: String(header.entrySize),
    PartitionEntryArrayCRC32: at(header.entriesCrc32),
  },
  NumberOfPartitions: String(partitions.length),
  Partitions: partitions.map((partition) => ({
    PartitionTypeGUID: partition.type,
    UniquePartitionGUID: partition.guid,
    StartingLBA: at(partition.firstBlock),
    EndingLBA: at(partition.lastBlock),
    Attributes: at(partition.attributes),
    PartitionName: partition.name,
  })),
});

function variable({ guid, name, value, meaning }: Content<'variable'>, type: string, saysNo: boolean): Yaml {
  const head = {
    VariableName: guid,
    UnicodeNameLength: String(name.length),
    VariableDataLength: String(value.length),
    UnicodeName: name,
  };
  // An empty flag is no value to us; they called it “No” later, and left it out at first.
  const said = value.length > 0 || (meaning.is === 'flag' && saysNo) ? variableData(value, meaning, type) : undefined;
  return said === undefined ? head : { ...head, VariableData: said };
}

function variableData(value: Uint8Array, meaning: Content<'variable'>['meaning'], type: string): Yaml {
  switch (meaning.is) {
    case 'flag':
      return { Enabled: yes(meaning.on) };
    case 'order':
      return meaning.entries.map((entry) => `Boot${entry.toString(16).toUpperCase().padStart(4, '0')}`);
    case 'text':
      return { String: latin1(value) };
    case 'load-option':
      return {
        Enabled: yes(meaning.option.active),
        FilePathListLength: String(meaning.option.devicePath.length),
        Description: meaning.option.description,
        // They show the optional data as part of the path.
        DevicePath: hex(meaning.option.devicePath) + hex(meaning.option.optionalData),
      };
    case 'keys':
      return meaning.lists.map((list) => ({
        SignatureType: typeGuid(list.type),
        SignatureListSize: String(28 + list.header.length + list.keys.length),
        SignatureHeaderSize: String(list.header.length),
        SignatureSize: String(list.size),
        Keys: [...keysOf([list])].map(({ owner, data }) => ({ SignatureOwner: owner, SignatureData: hex(data) })),
      }));
    case 'authority': {
      assert.equal(type, 'EV_EFI_VARIABLE_AUTHORITY');
      // They take shim's own certificate, which has no owner, for an owner and a certificate.
      const { owner, data } = meaning.key.owner ? meaning.key : readKey(value);
      return [{ SignatureOwner: owner, SignatureData: hex(data) }];
    }
    default:
      return hex(value);
  }
}

const typeGuid = (type: string): string => {
  if (type === 'x509') return 'a5c059a1-94e4-4aa7-87b5-ab155c2bf072';
  return type === 'sha256' ? 'c1c41626-504c-4092-aca9-41f936934328' : type;
};

/** Quotes are theirs; of scalars only the text counts. Variables they did not take apart are bytes to both. */
const plain = (yaml: Yaml | undefined): Yaml | undefined => {
  if (yaml === undefined || typeof yaml === 'string') return yaml === undefined ? undefined : unquoted(yaml);
  if (Array.isArray(yaml)) return yaml.map((one) => plain(one) as Yaml);
  return Object.fromEntries(Object.entries(yaml).map(([key, value]) => [key, plain(value) as Yaml]));
};

for (const name of corpusLogs)
  if (name !== 'ovmf-linux-6.1')
    test(`${name} says to us what it says to tpm2-tools, field by field`, () => {
      const { events, format } = parseEventLog(corpusLog(name));
      const expected = expectedEvents(name);
      assert.equal(events.length, expected.length);
      let taken = 0;
      for (const [i, theirs] of expected.entries()) {
        const event = events[i];
        assert.ok(event);
        const where = `event ${i} ${event.type}`;
        const digests = Object.fromEntries(Object.entries(event.digests).map(([bank, digest]) => [bank, hex(digest)]));
        assert.deepEqual([event.pcr, event.type, event.data.length], [theirs.pcr, theirs.type, theirs.size], where);
        if (event.kind !== 'no-action') assert.deepEqual(digests, theirs.digests, where);
        // What they left as bytes must be the bytes.
        const their = plain(theirs.event);
        const bytes = typeof their === 'string' ? their : undissected(their);
        if (bytes !== undefined && event.kind === 'variable')
          assert.equal(bytes, hex(event.content?.value ?? event.data), where);
        else if (bytes !== undefined && event.kind !== 'action') assert.equal(bytes, hex(event.data), where);
        else assert.deepEqual(inTheirWords(event, format), their, where);
        taken += bytes === undefined ? 1 : 0;
      }
      assert.ok(taken > 0);
    });

/** The value of a variable that they did not take apart. */
function undissected(yaml: Yaml | undefined): string | undefined {
  const value =
    typeof yaml === 'object' && 'VariableData' in yaml ? (yaml as { VariableData: Yaml }).VariableData : undefined;
  return typeof value === 'string' ? value : undefined;
}
