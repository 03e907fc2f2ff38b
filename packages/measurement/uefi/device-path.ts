// Where an image came from, in the words UEFI gives to device paths (UEFI 2.10, §10.6): `PciRoot(0x0)/Pci(0x1,0x1)/…`.
// Text for people. No digest vouches for it.
import { AssayError, bytes, type Codec, decode, struct, take, u8, u16le, u32le, u64le } from '@assay/core';
import { Guid, remaining, ucs2 } from './primitives.ts';

const hex = (number: number | bigint) => `0x${number.toString(16)}`;
const raw = (part: Uint8Array) => Buffer.from(part).toString('hex');

/** A node whose body is one structure, in words. */
const node =
  <T>(codec: Codec<T>, words: (fields: T) => string) =>
  (body: Uint8Array): string =>
    words(decode(codec, body, 'EFI_DEVICE_PATH_PROTOCOL'));

const acpi = (hid: number, uid: number) =>
  hid === 0x0a0341d0 ? `PciRoot(${hex(uid)})` : `Acpi(${hex(hid)},${hex(uid)})`;

/** Words by type and subtype; what is not here, or does not read, is written as `Path(type,subtype,bytes)`. */
const words: Record<string, (body: Uint8Array) => string> = {
  '1/1': node(struct({ function: u8, device: u8 }), (f) => `Pci(${hex(f.device)},${hex(f.function)})`),
  '1/4': node(struct({ vendor: Guid, data: remaining }), (f) => `VenHw(${f.vendor})`),
  '2/1': node(struct({ hid: u32le, uid: u32le }), (f) => acpi(f.hid, f.uid)),
  '3/2': node(struct({ target: u16le, lun: u16le }), (f) => `Scsi(${hex(f.target)},${hex(f.lun)})`),
  '3/5': node(struct({ port: u8, interface: u8 }), (f) => `USB(${hex(f.port)},${hex(f.interface)})`),
  '3/11': node(struct({ address: bytes(32), type: u8 }), (f) => `MAC(${raw(f.address.subarray(0, 6))},${hex(f.type)})`),
  '3/12': node(struct({ local: bytes(4), remote: bytes(4), rest: remaining }), (f) => `IPv4(${f.remote.join('.')})`),
  '3/18': node(struct({ port: u16le, multiplier: u16le, lun: u16le }), (f) => `Sata(${hex(f.port)},${hex(f.lun)})`),
  '3/23': node(struct({ namespace: u32le, eui: bytes(8) }), (f) => `NVMe(${hex(f.namespace)},${raw(f.eui)})`),
  '3/24': (body) => `Uri(${Buffer.from(body).toString('latin1')})`,
  '4/1': node(
    struct({ partition: u32le, start: u64le, size: u64le, signature: bytes(16), format: u8, signatureType: u8 }),
    (f) => `HD(${f.partition},${f.signatureType === 2 ? decode(Guid, f.signature, 'EFI_GUID') : raw(f.signature)})`,
  ),
  '4/2': node(struct({ entry: u32le, start: u64le, size: u64le }), (f) => `CDROM(${hex(f.entry)})`),
  '4/3': node(struct({ vendor: Guid, data: remaining }), (f) => `VenMedia(${f.vendor})`),
  '4/4': (body) => ucs2(body).replace(/\0.*$/s, ''),
  '4/6': node(struct({ name: Guid }), (f) => `FvFile(${f.name})`),
  '4/7': node(struct({ name: Guid }), (f) => `Fv(${f.name})`),
  '4/8': node(struct({ reserved: u32le, start: u64le, end: u64le }), (f) => `Offset(${hex(f.start)},${hex(f.end)})`),
};

/**
 * @param path EFI_DEVICE_PATH_PROTOCOL nodes, up to the end node or the end of the bytes
 * @returns the nodes in words, joined by `/`; never fails
 */
export function devicePathText(path: Uint8Array): string {
  const parts: string[] = [];
  const c = { bytes: path, at: 0 };
  while (c.at + 4 <= path.length) {
    const start = c.at;
    const type = u8.read(c, 'type');
    const subtype = u8.read(c, 'subtype');
    const length = u16le.read(c, 'length');
    if (type === 0x7f) break;
    // A node shorter than its own head would be read for ever.
    if (length < 4 || start + length > path.length) return [...parts, `Path(${raw(path.subarray(start))})`].join('/');
    parts.push(nodeText(type, subtype, take(c, length - 4, 'body')));
  }
  return parts.join('/');
}

function nodeText(type: number, subtype: number, body: Uint8Array): string {
  const plain = `Path(${type},${subtype},${raw(body)})`;
  try {
    return words[`${type}/${subtype}`]?.(body) ?? plain;
  } catch (error) {
    if (error instanceof AssayError) return plain; // malformed: shown as bytes, it is only text
    throw error;
  }
}
