// Event types that no log of the corpus has, in the layout of the specification; and every type on bytes that are none of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BootEvent, type EventKind, type EventOf, parseEventLog } from '../../index.ts';
import { buildLog, corpusLog, corpusLogs, logGuids, variableData } from '../../testing/index.ts';
import { eventTypes } from './catalogue.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const wide = (text: string) => Buffer.from(`${text}\0`, 'utf16le');
const sixteen = (text: string) => Buffer.from(text.padEnd(16, '\0'), 'latin1');
const sized = (text: string) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);

const event = (type: string | number, data: Uint8Array, pcr = 0): BootEvent => {
  const [, read] = parseEventLog(buildLog([{ pcr, type, data }])).events;
  assert.ok(read);
  return read;
};
function contentOf<K extends EventKind>(type: string, data: Uint8Array, kind: K): EventOf<K>['content'] {
  const read = event(type, data);
  assert.equal(read.kind, kind);
  assert.equal(read.problem, undefined);
  return read.content as EventOf<K>['content'];
}

const guid = '61dfe48bca93d211aa0d00e098032b8c';
const asText = '8be4df61-93ca-11d2-aa0d-00e098032b8c';

test('older firmware events hold a name, an address, or both', () => {
  const at = { base: 0x1000n, length: 0x2000n };
  assert.deepEqual(contentOf('EV_POST_CODE', Buffer.from('ACPI DATA'), 'firmware-blob'), {
    name: 'ACPI DATA',
    base: undefined,
    length: undefined,
  });
  assert.deepEqual(contentOf('EV_POST_CODE', hex('0010000000000000 0020000000000000'), 'firmware-blob'), {
    name: '',
    ...at,
  });
  for (const type of ['EV_POST_CODE2', 'EV_S_CRTM_CONTENTS', 'EV_CPU_MICROCODE'])
    assert.deepEqual(contentOf(type, hex('024656 0010000000000000 0020000000000000'), 'firmware-blob'), {
      name: 'FV',
      ...at,
    });
  assert.equal(
    event('EV_S_CRTM_CONTENTS', Buffer.from('Boot Guard Measured S-CRTM\0')).description,
    'firmware “Boot Guard Measured S-CRTM”',
  );
  assert.match(event('EV_POST_CODE2', hex('05 4656')).problem ?? '', /UEFI_PLATFORM_FIRMWARE_BLOB2/);
});

test('what is the vendor’s is text where it is text', () => {
  for (const type of [
    'EV_PLATFORM_CONFIG_FLAGS',
    'EV_NONHOST_CODE',
    'EV_NONHOST_CONFIG',
    'EV_NONHOST_INFO',
    'EV_TABLE_OF_DEVICES',
  ]) {
    assert.deepEqual(contentOf(type, Buffer.from('flags=1\0'), 'vendor'), { text: 'flags=1' });
    assert.deepEqual(contentOf(type, hex('00ff'), 'vendor'), { text: undefined });
  }
  assert.equal(
    event('EV_OMIT_BOOT_DEVICE_EVENTS', Buffer.from('BOOT ATTEMPTS OMITTED')).description,
    '“BOOT ATTEMPTS OMITTED”',
  );
  assert.equal(event('EV_EFI_HCRTM_EVENT', Buffer.from('HCRTM')).description, '“HCRTM”');
});

test('a compact hash has a number or a text beside it', () => {
  assert.deepEqual(contentOf('EV_COMPACT_HASH', hex('01000080'), 'compact-hash'), {
    text: undefined,
    value: 0x8000_0001,
  });
  assert.deepEqual(contentOf('EV_COMPACT_HASH', Buffer.from('MLE'), 'compact-hash'), { text: 'MLE', value: undefined });
  assert.deepEqual(contentOf('EV_COMPACT_HASH', hex('00'), 'compact-hash'), { text: undefined, value: undefined });
});

test('a partition table without what is unique to the machine reads as one with it', () => {
  const real = parseEventLog(corpusLog('event-moklisttrusted')).events[24];
  assert.equal(real?.kind, 'gpt');
  const content = contentOf('EV_EFI_GPT_EVENT2', real?.data ?? hex(''), 'gpt');
  assert.deepEqual(content, real?.content);
  const wrongCount = Buffer.from(real?.data ?? hex(''));
  wrongCount.writeUInt32LE(5, 92);
  assert.match(event('EV_EFI_GPT_EVENT', wrongCount).problem ?? '', /UEFI_GPT_DATA.NumberOfPartitions at byte 92/);
  assert.match(event('EV_EFI_GPT_EVENT', Buffer.alloc(100)).problem ?? '', /Signature/);
});

test('tables of the firmware are told by their kind', () => {
  const table = `${guid} 0010000000000000`;
  const content = contentOf('EV_EFI_HANDOFF_TABLES', hex(`0100000000000000 ${table}`), 'handoff-tables');
  assert.deepEqual(content, { description: '', tables: [{ guid: asText, address: 0x1000n }] });
  const two = hex(`03 534d42 0200000000000000 ${table} 312d9deb882dd3119a160090273fc14d 0020000000000000`);
  const second = contentOf('EV_EFI_HANDOFF_TABLES2', two, 'handoff-tables');
  assert.deepEqual(second?.description, 'SMB');
  assert.match(event('EV_EFI_HANDOFF_TABLES2', two).description, /“SMB”: 8be4df61.*, SMBIOS$/);
  assert.match(
    event('EV_EFI_HANDOFF_TABLES', hex(`ffffffffffffffff ${table}`)).problem ?? '',
    /NumberOfTables at byte 0/,
  );
});

test('a device’s own measurement says which device, by path and by bus', () => {
  const path = '0101060000017fff0400';
  const pci = '0000 1200 8680 d215 01 000002 8680 0100';
  const first = Buffer.concat([
    sixteen('SPDM Device Sec'),
    hex(`0100 0000 02000000 01000000 01 01 0300 aabbcc 0a00000000000000 ${path} ${pci}`),
  ]);
  assert.deepEqual(contentOf('EV_EFI_SPDM_FIRMWARE_BLOB', first, 'spdm'), {
    version: 1,
    device: 'PCI',
    path: 'Pci(0x1,0x0)',
    authentication: undefined,
    body: { is: 'measurement', index: 1, measurement: hex('aabbcc') },
    pci: { vendor: 0x8086, device: 0x15d2, revision: 1, class: '020000', subsystemVendor: 0x8086, subsystem: 1 },
  });
  const second = Buffer.concat([
    Buffer.from('SPDM Device Sec2'),
    hex(`0200 03 00 00000000 00000000 01000000 02000000 0100000000000000 0a00000000000000 ${path} ddee`),
  ]);
  const content = contentOf('EV_EFI_SPDM_FIRMWARE_CONFIG', second, 'spdm');
  assert.deepEqual([content?.device, content?.authentication], ['none', 'no signature']);
  assert.deepEqual(content?.body, { is: 'sub-header', type: 1, data: hex('ddee') });
  assert.match(event('EV_EFI_SPDM_FIRMWARE_BLOB', sixteen('SPDM')).problem ?? '', /Signature/);
  const policy = variableData(logGuids.global, 'devdb', hex(''));
  assert.equal(contentOf('EV_EFI_SPDM_DEVICE_POLICY', policy, 'variable')?.name, 'devdb');
});

test('tags of Linux and systemd have names, others a number', () => {
  const tag = (number: number, data: Uint8Array) =>
    event('EV_EVENT_TAG', Buffer.concat([Buffer.from(Uint32Array.of(number, data.length).buffer), data]), 12);
  assert.equal(tag(0xf5bc582a, wide('loader.conf')).description, 'loader.conf, measured by systemd-boot “loader.conf”');
  assert.equal(
    tag(0x49dffe0f, wide('x.addon.efi')).description,
    'initrd addon, measured by systemd-stub “x.addon.efi”',
  );
  assert.equal(tag(0x1234, hex('00')).description, 'tag 0x1234 “1 bytes”');
});

test('every sort of note is read: headers of old logs, reference manifests, what measured before the firmware', () => {
  const old = Buffer.concat([sixteen('Spec ID Event00'), hex('00000000 15 01 00 02 02 abcd')]);
  assert.equal(event('EV_NO_ACTION', old).description, 'header of a log for TPM 1.2, version 1.21 errata 0');
  const first = Buffer.concat([sixteen('SP800-155 Event'), hex(`57010000 ${guid}`)]);
  assert.deepEqual(contentOf('EV_NO_ACTION', first, 'no-action'), {
    signature: 'sp800-155',
    version: 1,
    vendor: 343,
    manifest: asText,
  });
  const names = ['Maker', 'Model', '1.0', 'Firm'].map(sized);
  const second = Buffer.concat([
    Buffer.from('SP800-155 Event2'),
    hex(`57010000 ${guid}`),
    ...names,
    hex('58010000'),
    sized('2.0'),
  ]);
  assert.equal(
    event('EV_NO_ACTION', second).description,
    `reference manifest ${asText} (Maker, Model, 1.0, Firm, 2.0)`,
  );
  const third = Buffer.concat([second, hex('01000000 03000000 613a62 00000000 00000000')]);
  third.write('3', 15);
  const content = contentOf('EV_NO_ACTION', third, 'no-action');
  assert.equal(content?.signature, 'sp800-155');
  if (content?.signature === 'sp800-155')
    assert.deepEqual(content.manifestLocator, { type: 1, locator: Buffer.from('a:b') });
  const component = Buffer.concat([sixteen('H-CRTM CompMeas'), sized('microcode'), hex('00 0200 aabb')]);
  assert.equal(event('EV_NO_ACTION', component).description, 'measured before the firmware: “microcode”');
  const index = Buffer.concat([sixteen('NvIndexInstance'), hex('0100 000000000000 ff')]);
  assert.equal(event('EV_NO_ACTION', index).description, 'extended into an NV index (instance)');
  assert.equal(event('EV_NO_ACTION', Buffer.from('NvIndexDynamic \0\x01\0\0\0\0\0\0\0', 'latin1')).problem, undefined);
  assert.equal(event('EV_NO_ACTION', Buffer.from('constructor')).description, 'note “constructor”');
  for (const whole of [old, first, second, third, component])
    for (let length = 17; length < whole.length; length++)
      assert.ok(event('EV_NO_ACTION', whole.subarray(0, length)).problem, `${whole.subarray(0, 16)} cut to ${length}`);
});

test('data of any type, cut or changed, is read or kept as bytes with the reason', () => {
  const real = corpusLogs.flatMap((name) =>
    parseEventLog(corpusLog(name))
      .events.slice(1)
      .map(({ frame }) => frame),
  );
  const looked = (type: number, data: Uint8Array) => {
    const read = event(type, data);
    assert.ok(read.content !== undefined || read.problem !== undefined || read.kind === 'opaque');
    assert.equal(typeof read.description, 'string');
    assert.deepEqual(Buffer.from(read.data), Buffer.from(data));
  };
  for (const type of eventTypes.keys()) looked(type, new Uint8Array());
  fc.assert(fc.property(fc.constantFrom(...eventTypes.keys()), fc.uint8Array({ maxLength: 300 }), looked), {
    numRuns: 500,
  });
  fc.assert(
    fc.property(fc.constantFrom(...real), fc.nat(), fc.nat(255), ({ type, data }, at, value) => {
      looked(type, data.subarray(0, at % (data.length + 1)));
      looked(
        type,
        Uint8Array.from(data, (byte, i) => (i === at % data.length ? value : byte)),
      );
    }),
    { numRuns: 500 },
  );
});

test('L32 what is odd about an event is said of that event, typed, and nothing else of the log suffers', () => {
  const honest = buildLog([
    { pcr: 7, type: 'EV_SEPARATOR', data: new Uint8Array(4) },
    { pcr: 1, type: 'EV_EFI_VARIABLE_BOOT', data: hex('00') },
  ]);
  const { events, broken } = parseEventLog(honest);
  assert.equal(broken, undefined);
  assert.deepEqual(
    events.map(({ problem }) => problem === undefined),
    [true, true, false],
  );
  assert.match(events[2]?.problem ?? '', /^UEFI_VARIABLE_DATA.guid at byte 0: expected 16 more bytes/);
  assert.equal(events[2]?.description, '1 bytes');
  assert.ok(events[2]?.digests.sha256);
});
