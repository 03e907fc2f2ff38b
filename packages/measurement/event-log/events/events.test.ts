// Each event type on bytes of a real machine: what its data says, and that its digest vouches for what it should.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BootEvent, dataVouchedFor, type EventKind, type EventOf, parseEventLog } from '../../index.ts';
import { buildLog, type CorpusLog, corpusLog } from '../../testing/index.ts';

function eventOf<K extends EventKind>(log: CorpusLog, index: number, kind: K): EventOf<K> {
  const event = parseEventLog(corpusLog(log)).events[index];
  assert.equal(event?.kind, kind);
  return event as EventOf<K>;
}
const one = (type: string, data: string | Uint8Array, pcr = 0): BootEvent | undefined =>
  parseEventLog(buildLog([{ pcr, type, data: typeof data === 'string' ? Buffer.from(data, 'hex') : data }])).events[1];

test('the header gives version and size of native integers', () => {
  const { content } = eventOf('ovmf-linux-6.1', 0, 'no-action');
  assert.deepEqual(content, {
    signature: 'spec-id',
    event: 3,
    version: '2.0 errata 0',
    platformClass: 0,
    uintnSize: 2,
    algorithms: [{ id: 0x000b, size: 32 }],
    vendorInfo: new Uint8Array(),
  });
});

test('the version of the first code is text, a GUID, or not given', () => {
  assert.equal(eventOf('event-gce-ubuntu-2104-log', 1, 'version').content?.text, 'GCE Virtual Firmware v1');
  assert.equal(eventOf('event-arch-linux', 1, 'version').content?.text, '546bfb1e-1d0c-4055-a4ad-4ef4bf17b83a');
  const none = eventOf('ovmf-linux-6.1', 1, 'version');
  assert.equal(none.content?.text, '');
  assert.equal(dataVouchedFor(none, 'sha256'), true);
});

test('a firmware blob is an address and a length', () => {
  const { content } = eventOf('ovmf-linux-6.1', 2, 'firmware-blob');
  assert.deepEqual(content, { name: '', base: 0x820000n, length: 0xe0000n });
  const named = one('EV_EFI_PLATFORM_FIRMWARE_BLOB2', '02465600100000000000000020000000000000');
  assert.deepEqual(named?.content, { name: 'FV', base: 0x1000n, length: 0x2000n });
});

test('a variable has vendor, name and value, vouched for by its digest', () => {
  const secureBoot = eventOf('event-moklisttrusted', 4, 'variable');
  assert.deepEqual(secureBoot.content, {
    guid: '8be4df61-93ca-11d2-aa0d-00e098032b8c',
    name: 'SecureBoot',
    value: secureBoot.data.subarray(-1),
    meaning: { is: 'flag', on: true },
  });
  assert.equal(secureBoot.description, 'variable SecureBoot: on');
  assert.equal(dataVouchedFor(secureBoot, 'sha256'), true);
  assert.equal(eventOf('event-arch-linux', 3, 'variable').description, 'variable SecureBoot: empty', 'L09');
});

test('L33 a look-alike of a variable is not that variable', () => {
  const { data } = eventOf('ovmf-linux-6.1', 4, 'variable');
  const lookalike = Uint8Array.from(data);
  lookalike.set(Buffer.from('Ѕ', 'utf16le'), 32); // Cyrillic
  const event = one('EV_EFI_VARIABLE_DRIVER_CONFIG', lookalike) as EventOf<'variable'>;
  assert.notEqual(event.content?.name, 'SecureBoot');
  assert.notEqual(event.description, 'variable SecureBoot: off');
});

test('a boot variable’s digest is of its value, an authority’s of all its data', () => {
  assert.equal(dataVouchedFor(eventOf('ovmf-linux-6.1', 12, 'variable'), 'sha256'), true);
  assert.equal(dataVouchedFor(eventOf('event-moklisttrusted', 28, 'variable'), 'sha256'), true);
});

test('an image is loaded from a device path in words, which no digest vouches for (L03)', () => {
  const kernel = eventOf('ovmf-linux-6.1', 10, 'image');
  assert.equal(kernel.content?.length, 14186432n);
  assert.equal(kernel.description, 'image VenMedia(1428f772-b64a-441e-b8c3-9ebdd7f893c7)/kernel, 14186432 bytes');
  assert.equal(dataVouchedFor(kernel, 'sha256'), undefined);
  const old = eventOf('event-postcode', 39, 'image');
  assert.equal(old.content?.trailing.length, 9);
});

test('an action is its words, a separator its value', () => {
  const action = eventOf('ovmf-linux-6.1', 13, 'action');
  assert.equal(action.content?.text, 'Calling EFI Application from Boot Option');
  assert.equal(dataVouchedFor(action, 'sha256'), true);
  assert.deepEqual(eventOf('ovmf-linux-6.1', 9, 'separator').content, { error: false });
  assert.deepEqual(one('EV_SEPARATOR', 'ffffffff')?.content, { error: false });
  assert.deepEqual(one('EV_SEPARATOR', '01000000')?.content, { error: true });
  for (const odd of ['', '00', '02000000', '0000000000'])
    assert.match(one('EV_SEPARATOR', odd)?.problem ?? '', /EV_SEPARATOR/, odd);
});

test('Linux tags initrd and command line', () => {
  assert.equal(eventOf('ovmf-linux-6.1', 21, 'tagged').description, 'kernel command line, measured by Linux');
  assert.equal(eventOf('ovmf-linux-6.1', 22, 'tagged').description, 'initrd, measured by Linux');
  assert.match(one('EV_EVENT_TAG', '01000000ff00000000')?.problem ?? '', /TCG_PCClientTaggedEvent/);
});

test('GRUB’s commands are vouched for by their digest, its files’ names are not', () => {
  const command = eventOf('event-gce-ubuntu-2104-log', 102, 'ipl');
  assert.equal(command.content?.command, 'kernel_cmdline');
  assert.match(command.content?.words ?? '', /^\/boot\/vmlinuz-5\.11\.0-1008-gcp root=/);
  assert.equal(dataVouchedFor(command, 'sha384'), true);
  assert.equal(dataVouchedFor(eventOf('event-gce-ubuntu-2104-log', 101, 'ipl'), 'sha256'), undefined);
  assert.match(eventOf('event-sd-boot-fedora37', 23, 'ipl').content?.text ?? '', /^ console=ttyS0 console=tty0/);
});
