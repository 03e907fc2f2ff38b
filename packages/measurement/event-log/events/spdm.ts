// EV_EFI_SPDM_FIRMWARE_BLOB, EV_EFI_SPDM_FIRMWARE_CONFIG: what a device says of its own firmware, asked over SPDM (PFP §10.2.8).
import { bad, bytes, sized, struct, take, u8, u16le, u32le, u64le, within } from '@assay/core';
import { devicePathText } from '../../uefi/device-path.ts';
import { hexText, latin1, length64, remaining, withoutNuls } from '../../uefi/primitives.ts';
import { allOfData, type EventType, type Say } from '../event-type.ts';

export type SpdmContent = {
  /** Of TCG_DEVICE_SECURITY_EVENT_DATA. */
  version: 1 | 2;
  device: 'none' | 'PCI' | 'USB' | `type ${number}`;
  /** In words; empty where the log does not say. */
  path: string;
  /** Whether the device proved who it is; events of version 1 do not say. */
  authentication: string | undefined;
  /** Version 1: one SPDM measurement block; version 2: the sub-header, measurement blocks or a certificate chain. */
  body:
    | { is: 'measurement'; index: number; measurement: Uint8Array }
    | { is: 'sub-header'; type: number; data: Uint8Array };
  /** Identity on its bus, when there is one. */
  pci:
    | { vendor: number; device: number; revision: number; class: string; subsystemVendor: number; subsystem: number }
    | undefined;
};

/** TCG_DEVICE_SECURITY_EVENT_DATA_HEADER, without the signature, and the SPDM_MEASUREMENT_BLOCK behind it. */
const Version1 = struct({
  version: u16le,
  length: u16le,
  hashAlgo: u32le,
  deviceType: u32le,
  index: u8,
  specification: u8,
  measurement: sized(0xffff, u16le),
});
/** TCG_DEVICE_SECURITY_EVENT_DATA_HEADER2, without the signature. */
const Version2 = struct({
  version: u16le,
  authState: u8,
  reserved: u8,
  length: u32le,
  deviceType: u32le,
  subHeaderType: u32le,
  subHeaderLength: u32le,
  subHeaderUid: u64le,
});
/** TCG_DEVICE_SECURITY_EVENT_DATA_PCI_CONTEXT */
const PciContext = struct({
  version: u16le,
  length: u16le,
  vendor: u16le,
  device: u16le,
  revision: u8,
  class: bytes(3),
  subsystemVendor: u16le,
  subsystem: u16le,
  rest: remaining,
});

const authStates: Record<number, string> = {
  0: 'authenticated',
  1: 'no authentication',
  2: 'no binding',
  3: 'no signature',
  4: 'invalid signature',
  255: 'no SPDM',
};

const deviceOf = (type: number): SpdmContent['device'] =>
  type === 0 ? 'none' : type === 1 ? 'PCI' : type === 2 ? 'USB' : `type ${type}`;

function contextOf(deviceType: number, context: Uint8Array, where: string): SpdmContent['pci'] {
  if (deviceType !== 1 || context.length === 0) return undefined;
  const {
    version: _v,
    length: _l,
    rest: _r,
    class: code,
    ...pci
  } = PciContext.read({ bytes: context, at: 0 }, within(where, '.PCI'));
  return { ...pci, class: hexText(Uint8Array.from(code).reverse()) };
}

function read(data: Uint8Array, say: Say): SpdmContent {
  const where = say('TCG_DEVICE_SECURITY_EVENT_DATA');
  const c = { bytes: data, at: 0 };
  const signature = withoutNuls(latin1(take(c, 16, where)));
  if (signature === 'SPDM Device Sec') {
    const { deviceType, index, measurement } = Version1.read(c, where);
    const path = c.at < data.length ? take(c, length64.read(c, where), within(where, '.DevicePath')) : new Uint8Array();
    return {
      version: 1,
      device: deviceOf(deviceType),
      path: devicePathText(path),
      authentication: undefined,
      body: { is: 'measurement', index, measurement },
      pci: contextOf(deviceType, data.subarray(c.at), where),
    };
  }
  if (signature !== 'SPDM Device Sec2')
    throw bad('value', within(where, '.Signature'), 0, 'SPDM Device Sec or SPDM Device Sec2', signature);
  const { authState, deviceType, subHeaderType, subHeaderLength } = Version2.read(c, where);
  const path = take(c, length64.read(c, where), within(where, '.DevicePath'));
  const body = take(c, subHeaderLength, within(where, '.SubHeader'));
  return {
    version: 2,
    device: deviceOf(deviceType),
    path: devicePathText(path),
    authentication: authStates[authState] ?? `state ${authState}`,
    body: { is: 'sub-header', type: subHeaderType, data: body },
    pci: contextOf(deviceType, data.subarray(c.at), where),
  };
}

const spdm = {
  kind: 'spdm',
  read,
  describe: ({ device, path, authentication, pci }: SpdmContent) =>
    [
      'a device’s own measurement',
      pci ? `PCI ${pci.vendor.toString(16).padStart(4, '0')}:${pci.device.toString(16).padStart(4, '0')}` : device,
      path,
      authentication ?? '',
    ]
      .filter(Boolean)
      .join(', '),
  mayCover: allOfData,
} as const;

export const spdms: EventType<'spdm'>[] = [
  { number: 0x8000_00e1, name: 'EV_EFI_SPDM_FIRMWARE_BLOB', ...spdm },
  { number: 0x8000_00e2, name: 'EV_EFI_SPDM_FIRMWARE_CONFIG', ...spdm },
];
