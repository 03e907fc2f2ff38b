// Where an image came from, in the words UEFI gives to device paths (UEFI 2.10, §10.6): `PciRoot(0x0)/Pci(0x1,0x1)/…`.
// Text for people. No digest vouches for it.
import { AssayError, bytes, type Codec, decode, struct, u8, u16le, u32le, u64le } from '@assay/core';
import { Guid, guidText, hexText, latin1, remaining, ucs2, withoutNuls } from './primitives.ts';

const hex = (number: number | bigint) => `0x${number.toString(16)}`;
const mac = (address: Uint8Array) => hexText(address.subarray(0, 6));
const dotted = (address: Uint8Array) => address.join('.');
const colons = (address: Uint8Array) => hexText(address).replace(/(....)(?=.)/g, '$1:');

/** A node whose body is one structure, in words. */
const node =
  <T>(codec: Codec<T>, words: (fields: T) => string) =>
  (body: Uint8Array): string =>
    words(decode(codec, body, 'EFI_DEVICE_PATH_PROTOCOL'));

const guidAndData = struct({ guid: Guid, data: remaining });
const vendor = (name: string) =>
  node(guidAndData, (f) => `${name}(${f.guid}${f.data.length ? `,${hexText(f.data)}` : ''})`);

/** PNP0A03 and PNP0A08 are roots of PCI. */
const acpi = (hid: number, uid: number) =>
  hid === 0x0a0341d0
    ? `PciRoot(${hex(uid)})`
    : hid === 0x0a0841d0
      ? `PcieRoot(${hex(uid)})`
      : `Acpi(${hex(hid)},${hex(uid)})`;

const partitionSignature = (type: number, signature: Uint8Array) =>
  type === 2
    ? guidText(signature)
    : type === 1
      ? hex(new DataView(signature.buffer, signature.byteOffset).getUint32(0, true))
      : hexText(signature);

/** Words by type and subtype; what is not here, or does not read, is written as `Path(type,subtype,bytes)`. */
const words: Record<number, Record<number, (body: Uint8Array) => string>> = {
  // Hardware
  1: {
    1: node(struct({ function: u8, device: u8 }), (f) => `Pci(${hex(f.device)},${hex(f.function)})`),
    2: node(struct({ function: u8 }), (f) => `PcCard(${hex(f.function)})`),
    3: node(
      struct({ memory: u32le, start: u64le, end: u64le }),
      (f) => `MemoryMapped(${hex(f.memory)},${hex(f.start)},${hex(f.end)})`,
    ),
    4: vendor('VenHw'),
    5: node(struct({ number: u32le }), (f) => `Ctrl(${hex(f.number)})`),
    6: node(struct({ interface: u8, base: u64le }), (f) => `BMC(${hex(f.interface)},${hex(f.base)})`),
  },
  // ACPI
  2: {
    1: node(struct({ hid: u32le, uid: u32le }), (f) => acpi(f.hid, f.uid)),
    2: node(struct({ hid: u32le, uid: u32le, cid: u32le, texts: remaining }), (f) => {
      const said = latin1(f.texts).split('\0').filter(Boolean);
      return said.length ? `AcpiExp(${said.join(',')})` : acpi(f.hid, f.uid);
    }),
    3: node(struct({ address: u32le, more: remaining }), (f) => `AcpiAdr(${hex(f.address)})`),
  },
  // Messaging
  3: {
    1: node(struct({ secondary: u8, slave: u8, lun: u16le }), (f) => `Ata(${f.secondary},${f.slave},${hex(f.lun)})`),
    2: node(struct({ target: u16le, lun: u16le }), (f) => `Scsi(${hex(f.target)},${hex(f.lun)})`),
    3: node(struct({ reserved: u32le, wwn: u64le, lun: u64le }), (f) => `Fibre(${hex(f.wwn)},${hex(f.lun)})`),
    5: node(struct({ port: u8, interface: u8 }), (f) => `USB(${hex(f.port)},${hex(f.interface)})`),
    9: node(
      struct({ flags: u32le, gid: bytes(16), service: u64le, target: u64le, device: u64le }),
      (f) => `Infiniband(${hexText(f.gid)})`,
    ),
    10: vendor('VenMsg'),
    11: node(struct({ address: bytes(32), type: u8 }), (f) => `MAC(${mac(f.address)},${hex(f.type)})`),
    12: node(struct({ local: bytes(4), remote: bytes(4), rest: remaining }), (f) => `IPv4(${dotted(f.remote)})`),
    13: node(struct({ local: bytes(16), remote: bytes(16), rest: remaining }), (f) => `IPv6(${colons(f.remote)})`),
    14: node(struct({ reserved: u32le, baud: u64le, data: u8, parity: u8, stop: u8 }), (f) => `Uart(${f.baud})`),
    15: node(
      struct({ vendor: u16le, product: u16le, class: u8, subclass: u8, protocol: u8 }),
      (f) => `UsbClass(${hex(f.vendor)},${hex(f.product)},${hex(f.class)},${hex(f.subclass)},${hex(f.protocol)})`,
    ),
    16: node(
      struct({ interface: u16le, vendor: u16le, product: u16le, serial: remaining }),
      (f) => `UsbWwid(${hex(f.vendor)},${hex(f.product)},${hex(f.interface)},${withoutNuls(ucs2(f.serial))})`,
    ),
    17: node(struct({ lun: u8 }), (f) => `Unit(${hex(f.lun)})`),
    18: node(struct({ port: u16le, multiplier: u16le, lun: u16le }), (f) => `Sata(${hex(f.port)},${hex(f.lun)})`),
    19: node(
      struct({ protocol: u16le, options: u16le, lun: u64le, group: u16le, name: remaining }),
      (f) => `iSCSI(${withoutNuls(latin1(f.name))},${hex(f.lun)})`,
    ),
    20: node(struct({ id: u16le }), (f) => `Vlan(${f.id})`),
    21: node(
      struct({ reserved: u32le, wwn: bytes(8), lun: bytes(8) }),
      (f) => `FibreEx(0x${hexText(f.wwn)},0x${hexText(f.lun)})`,
    ),
    22: node(
      struct({ address: bytes(8), lun: bytes(8), info: u16le, port: u16le }),
      (f) => `SasEx(0x${hexText(f.address)},0x${hexText(f.lun)},${hex(f.port)})`,
    ),
    23: node(struct({ namespace: u32le, eui: bytes(8) }), (f) => `NVMe(${hex(f.namespace)},${hexText(f.eui)})`),
    24: (body) => `Uri(${latin1(body)})`,
    25: node(struct({ target: u8, lun: u8 }), (f) => `Ufs(${hex(f.target)},${hex(f.lun)})`),
    26: node(struct({ slot: u8 }), (f) => `SD(${hex(f.slot)})`),
    29: node(struct({ slot: u8 }), (f) => `eMMC(${hex(f.slot)})`),
    31: (body) => `Dns(${body[0] === 0 ? dotted(body.subarray(1, 5)) : colons(body.subarray(1, 17))})`,
    32: node(Guid, (guid) => `NVDIMM(${guid})`),
    34: node(struct({ nqn: remaining }), (f) => `NVMeOverFabrics(${withoutNuls(latin1(f.nqn.subarray(17)))})`),
  },
  // Media
  4: {
    1: node(
      struct({ partition: u32le, start: u64le, size: u64le, signature: bytes(16), format: u8, signatureType: u8 }),
      (f) => `HD(${f.partition},${partitionSignature(f.signatureType, f.signature)})`,
    ),
    2: node(struct({ entry: u32le, start: u64le, size: u64le }), (f) => `CDROM(${hex(f.entry)})`),
    3: vendor('VenMedia'),
    4: (body) => ucs2(body).replace(/\0.*$/s, ''),
    5: node(Guid, (guid) => `Media(${guid})`),
    6: node(Guid, (guid) => `FvFile(${guid})`),
    7: node(Guid, (guid) => `Fv(${guid})`),
    8: node(struct({ reserved: u32le, start: u64le, end: u64le }), (f) => `Offset(${hex(f.start)},${hex(f.end)})`),
    9: node(
      struct({ start: u64le, end: u64le, guid: Guid, instance: u16le }),
      (f) => `RamDisk(${hex(f.start)},${hex(f.end)},${f.instance})`,
    ),
  },
  // What a BIOS would boot
  5: {
    1: node(
      struct({ type: u16le, status: u16le, text: remaining }),
      (f) => `BBS(${hex(f.type)},${withoutNuls(latin1(f.text))})`,
    ),
  },
};

/** Real paths have a dozen nodes. What a hostile one has more is not put into words. */
const mostNodes = 64;
const endOfPath = 0x7f;

/**
 * @param path EFI_DEVICE_PATH_PROTOCOL nodes, up to the end node or the end of the bytes
 * @returns the nodes in words, joined by `/`, several paths by `,`; never fails
 */
export function devicePathText(path: Uint8Array): string {
  let text = '';
  let joint = '';
  let at = 0;
  for (let count = 0; at + 4 <= path.length; count++) {
    const [type = 0, subtype = 0, low = 0, high = 0] = path.subarray(at, at + 4);
    const length = low + 256 * high;
    if (type === endOfPath && subtype !== 1) break;
    // A node shorter than its own head would be read for ever.
    if (length < 4 || at + length > path.length || count === mostNodes)
      return `${text}${joint}${count === mostNodes ? `… (${path.length - at} more bytes)` : `Path(${hexText(path.subarray(at))})`}`;
    if (type === endOfPath) joint = ',';
    else {
      text += joint + nodeText(type, subtype, path.subarray(at + 4, at + length));
      joint = '/';
    }
    at += length;
  }
  return text;
}

function nodeText(type: number, subtype: number, body: Uint8Array): string {
  try {
    const text = words[type]?.[subtype]?.(body);
    if (text !== undefined) return text;
  } catch (error) {
    if (!(error instanceof AssayError)) throw error; // malformed: shown as bytes, it is only text
  }
  return `Path(${type},${subtype},${hexText(body)})`;
}
