import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { componentsOf, kernelEventOf, parseEventLog, replay, withDigests, writeEventLog } from './index.ts';
import {
  application,
  buildLog,
  type CorpusLog,
  corpusLog,
  corpusLogs,
  grub,
  labelled,
  secureBoot,
} from './testing/index.ts';

const read = (name: CorpusLog) => parseEventLog(corpusLog(name)).events;
const parts = (name: CorpusLog, component: string) =>
  componentsOf(read(name))
    .filter((part) => part.component === component)
    .map(({ event, role }) => `${event.index} ${role}`);

test('a kernel started by the firmware is the hypervisor, with no boot loader before it', () => {
  assert.deepEqual(parts('ovmf-linux-6.1', 'boot_loader'), []);
  assert.deepEqual(parts('ovmf-linux-6.1', 'hypervisor'), ['10 kernel image', '21 kernel command line']);
  assert.deepEqual(parts('ovmf-linux-6.1', 'operating_system'), ['22 initrd']);
});

test('systemd-boot comes before the kernel it starts', () => {
  assert.deepEqual(parts('event-arch-linux', 'boot_loader'), ['22 boot loader image']);
  assert.deepEqual(parts('event-arch-linux', 'hypervisor'), ['23 kernel image', '24 kernel command line']);
});

test('with GRUB the kernel is what follows its linux command', () => {
  assert.deepEqual(parts('event-moklisttrusted', 'hypervisor'), [
    '88 command that starts the kernel',
    '89 kernel file',
    '90 kernel image',
    '91 kernel image',
    '92 kernel command line',
  ]);
  assert.deepEqual(parts('event-moklisttrusted', 'operating_system'), [
    '93 command that loads the initrd',
    '94 initrd file',
  ]);
  const images = parts('event-moklisttrusted', 'boot_loader').filter((part) => part.endsWith('image'));
  assert.deepEqual(images, ['25 boot loader image', '32 boot loader image']);
  assert.equal(kernelEventOf(read('event-gce-ubuntu-2104-log')), undefined, 'GRUB read it as a file');
});

test('a boot loader that another one starts is not the kernel, which comes last and may be measured twice', () => {
  const images = (...measured: string[]) => {
    const wishes = [secureBoot([1]), labelled(14, 'MokList', 'keys'), grub('linux /k'), ...measured.map(application)];
    return componentsOf(parseEventLog(buildLog(wishes)).events).flatMap(({ event, role }) =>
      event.kind === 'image' ? [role.replace(' image', '')] : [],
    );
  };
  assert.deepEqual(images('shim', 'grub', 'kernel', 'kernel'), ['boot loader', 'boot loader', 'kernel', 'kernel']);
  assert.deepEqual(images('shim', 'grub', 'more', 'more', 'kernel'), [...Array(4).fill('boot loader'), 'kernel']);
  assert.deepEqual(images('shim', 'grub'), ['boot loader', 'boot loader']);
});

test('every event that extends a PCR belongs to exactly one component', () => {
  for (const name of corpusLogs) {
    const extending = read(name).filter(({ kind }) => kind !== 'no-action');
    assert.deepEqual(
      componentsOf(read(name)).map(({ event }) => event),
      extending,
    );
  }
  const types = ['EV_SEPARATOR', 'EV_IPL', 'EV_EVENT_TAG', 'EV_EFI_ACTION', 'EV_EFI_BOOT_SERVICES_APPLICATION', 0x1234];
  const wishes = [...Array(25).keys(), 0xffffffff].flatMap((pcr) => types.map((type) => ({ pcr, type })));
  const { events } = parseEventLog(buildLog(wishes));
  assert.equal(componentsOf(events).length, wishes.length);
});

test('a log with another kernel digest differs in that event and PCR 4 alone', () => {
  const log = parseEventLog(corpusLog('ovmf-linux-6.1'));
  const kernel = kernelEventOf(log.events);
  assert.equal(kernel?.index, 10);
  const other = createHash('sha256').update('a modified hypervisor').digest();
  const changed = parseEventLog(writeEventLog(withDigests(log, 10, { sha256: other })));
  assert.ok(other.equals(changed.events[10]?.digests.sha256 ?? new Uint8Array()));
  const [was, is] = [log, changed].map(({ events }) => replay(events, 'sha256'));
  assert.deepEqual(
    [...(was ?? [])].filter(([pcr, value]) => Buffer.compare(value, is?.get(pcr) ?? value)).map(([pcr]) => pcr),
    [4],
  );
  assert.throws(() => withDigests(log, 10, { sha256: other.subarray(1) }), { code: 'log-event' });
  assert.throws(() => withDigests(log, 10, { sha384: new Uint8Array(48) }), { code: 'log-event' });
  assert.throws(() => withDigests(log, 25, { sha256: other }), { code: 'log-event' });
});
