// Logs of a given size that cost most to read: all tiny events, all malformed ones, lists without end, tags in tags.
import { buildLog, type EventWish } from './build-log.ts';

const u32 = (...numbers: number[]) => Buffer.from(Uint32Array.from(numbers).buffer);
const zero = { sha256: new Uint8Array(32) };

/** As many of these events as fit, their digests zeros unless given. */
function filled(size: number, wish: (i: number) => EventWish, frameLength: number): Uint8Array {
  const count = Math.max(1, Math.floor(size / (frameLength + (wish(0).data?.length ?? 0))));
  return buildLog(Array.from({ length: count }, (_, i) => ({ digests: zero, ...wish(i) })));
}

const variable = (guid: string, name: string, value: Uint8Array) => {
  const head = Buffer.alloc(16);
  head.writeBigUInt64LE(BigInt(name.length), 0);
  head.writeBigUInt64LE(BigInt(value.length), 8);
  return Buffer.concat([Buffer.from(guid, 'hex'), head, Buffer.from(name, 'utf16le'), value]);
};
/** EFI_GUIDs as they stand in a log. */
const imageSecurity = 'cbb219d73a3d9645a3bcdad00e67656f';
const global = '61dfe48bca93d211aa0d00e098032b8c';
const x509 = 'a159c0a5e494a74a87b5ab155c2bf072';
const signatureList = (size: number, keys: Uint8Array) =>
  Buffer.concat([Buffer.from(x509, 'hex'), u32(28 + keys.length, 0, size), keys]);

/** Tags of Windows, each holding the next. */
function nested(size: number): Uint8Array {
  const levels = Math.floor(size / 8);
  const data = Buffer.alloc(8 * levels);
  for (let i = 0; i < levels; i++) {
    data.writeUInt32LE(0x4001_0001, 8 * i);
    data.writeUInt32LE(8 * (levels - 1 - i), 8 * i + 4);
  }
  return data;
}

const one = (type: string, data: Uint8Array, pcr = 7): Uint8Array => buildLog([{ pcr, type, data, digests: zero }]);

/** By what is hostile about them; each of about `size` bytes. */
export const hostileLogs: Record<string, (size: number) => Uint8Array> = {
  'tiny events': (size) => filled(size, (i) => ({ pcr: i % 24, type: 'EV_ACTION' }), 50),
  'events without digests': (size) => filled(size, () => ({ pcr: 7, type: 'EV_SEPARATOR', digests: {} }), 16),
  'malformed events': (size) => filled(size, () => ({ pcr: 4, type: 'EV_SEPARATOR', data: Buffer.alloc(1) }), 50),
  'malformed variables': (size) =>
    filled(size, () => ({ pcr: 7, type: 'EV_EFI_VARIABLE_DRIVER_CONFIG', data: Buffer.alloc(20) }), 50),
  notes: (size) =>
    filled(size, () => ({ pcr: 0, type: 'EV_NO_ACTION', data: Buffer.from('StartupLocality\0\x03') }), 50),
  'commands of GRUB': (size) =>
    filled(size, () => ({ pcr: 8, type: 'EV_IPL', data: Buffer.from('grub_cmd: linux /k a=b\0') }), 50),
  'sections of a unified kernel': (size) =>
    filled(size, (i) => ({ pcr: 11, type: 'EV_IPL', data: Buffer.from(`.${i % 10}\0`) }), 50),
  'equal applications': (size) =>
    filled(size, () => ({ pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION', data: Buffer.alloc(32) }), 50),
  'one long text': (size) => one('EV_IPL', Buffer.alloc(size, 'grub_cmd: linux /k '), 8),
  'one text of controls': (size) => one('EV_IPL', Buffer.alloc(size, 1), 8),
  'one command of many files': (size) =>
    one('EV_IPL', Buffer.concat([Buffer.from('grub_cmd: initrd '), Buffer.alloc(size, 'a ')]), 8),
  'nested tags': (size) => one('EV_EVENT_TAG', nested(size), 9),
  'tags side by side': (size) =>
    one(
      'EV_EVENT_TAG',
      Buffer.concat([u32(0x4001_0001, 8 * Math.floor(size / 8)), Buffer.alloc(8 * Math.floor(size / 8))]),
    ),
  'lists of no keys': (size) =>
    one(
      'EV_EFI_VARIABLE_DRIVER_CONFIG',
      variable(
        imageSecurity,
        'db',
        Buffer.concat(Array(Math.floor(size / 28)).fill(signatureList(16, Buffer.alloc(0)))),
      ),
    ),
  'a list of empty keys': (size) =>
    one(
      'EV_EFI_VARIABLE_DRIVER_CONFIG',
      variable(imageSecurity, 'db', signatureList(16, Buffer.alloc(16 * Math.floor(size / 16)))),
    ),
  'a boot order': (size) =>
    one('EV_EFI_VARIABLE_BOOT', variable(global, 'BootOrder', Buffer.alloc(2 * Math.floor(size / 2), 7)), 1),
  'device paths': (size) => {
    const nodes = Buffer.alloc(0xfff8, Buffer.from('01010400', 'hex'));
    const head = Buffer.alloc(32);
    head.writeBigUInt64LE(BigInt(nodes.length), 24);
    const data = Buffer.concat([head, nodes]);
    return filled(size, () => ({ pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION', data }), 50);
  },
  'a partition table': (size) => {
    const count = Math.floor(size / 128);
    const header = Buffer.alloc(100);
    header.write('EFI PART');
    header.writeUInt32LE(128, 84);
    header.writeBigUInt64LE(BigInt(count), 92);
    return one('EV_EFI_GPT_EVENT', Buffer.concat([header, Buffer.alloc(128 * count)]), 5);
  },
  'tables of the firmware': (size) => {
    const count = Math.floor(size / 24);
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(count));
    return one('EV_EFI_HANDOFF_TABLES', Buffer.concat([head, Buffer.alloc(24 * count)]), 1);
  },
};
