// EV_NO_ACTION: information for whoever reads the log; recorded, never extended (PFP §10.4.5). No digest vouches for it.
import { bytes, decode, sized, struct, u8, u16le, u32le } from '@assay/core';
import { Guid, latin1, remaining, withoutNuls } from '../../uefi/primitives.ts';
import { type EventType, reads, type Say } from '../event-type.ts';
import { SpecIdEvent } from '../frame.ts';

export type NoActionContent =
  | SpecId
  /** The locality TPM2_Startup came from, which PCR 0 starts with. */
  | { signature: 'startup-locality'; locality: number }
  | PlatformId
  /** A part of what measured before the firmware's first code. */
  | { signature: 'h-crtm-component'; component: string; format: number; measurement: Uint8Array }
  /** What went into an NV index instead of a PCR, of devices that prove themselves (SPDM). */
  | { signature: 'nv-index'; sort: 'instance' | 'dynamic'; version: number; data: Uint8Array }
  | { signature: 'other'; text: string };

/** Header of a log. `version`: `2.0 errata 0`; `uintnSize` 1 for 32 bits, 2 for 64; `event` 3 for a crypto-agile log, 0 and 2 for those before. */
export type SpecId = {
  signature: 'spec-id';
  event: 0 | 2 | 3;
  version: string;
  platformClass: number;
  uintnSize: number;
  algorithms: { id: number; size: number }[];
  vendorInfo: Uint8Array;
};

/** Which reference manifest speaks of this platform (NIST SP 800-155). Names since version 2, locators since version 3. */
export type PlatformId = {
  signature: 'sp800-155';
  version: 1 | 2 | 3;
  /** Number of the vendor in IANA's list of enterprises. */
  vendor: number;
  manifest: string;
  platform?: { manufacturer: string; model: string; version: string };
  firmware?: { manufacturer: string; manufacturerId: number; version: string };
  manifestLocator?: { type: number; locator: Uint8Array };
  certificateLocator?: { type: number; locator: Uint8Array };
};

const signature = bytes(16);
const StartupLocality = struct({ signature, locality: u8 });
/** Spec ID Event00 and 02: before crypto agility. */
const OldSpecId = struct({
  signature,
  platformClass: u32le,
  minor: u8,
  major: u8,
  errata: u8,
  uintnSize: u8,
  vendorInfo: sized(255, u8),
});
/** TCG_Sp800_155_PlatformId_Event, and what each version adds to it. */
const PlatformId1 = struct({ signature, vendor: u32le, manifest: Guid });
const text = sized(255, u8);
const added2 = {
  manufacturer: text,
  model: text,
  version: text,
  firmwareManufacturer: text,
  firmwareManufacturerId: u32le,
  firmwareVersion: text,
};
const PlatformId2 = struct({ signature, vendor: u32le, manifest: Guid, ...added2 });
const locator = struct({ type: u32le, locator: sized(0xffff, u32le) });
const PlatformId3 = struct({
  signature,
  vendor: u32le,
  manifest: Guid,
  ...added2,
  manifestLocator: locator,
  certificateLocator: locator,
});
/** TCG_HCRTMComponentEvent */
const HcrtmComponent = struct({ signature, component: text, format: u8, measurement: sized(0xffff, u16le) });
/** TCG_NV_INDEX_INSTANCE_EVENT_LOG_STRUCT and its dynamic kin begin alike. */
const NvIndex = struct({ signature, version: u16le, reserved: bytes(6), data: remaining });

const said = (field: Uint8Array) => withoutNuls(latin1(field));

function platformId(data: Uint8Array, say: Say, version: 1 | 2 | 3): PlatformId {
  const where = say(`TCG_Sp800_155_PlatformId_Event${version === 1 ? '' : version}`);
  if (version === 1) {
    const { vendor, manifest } = decode(PlatformId1, data, where);
    return { signature: 'sp800-155', version, vendor, manifest };
  }
  const locators = version === 3 ? decode(PlatformId3, data, where) : undefined;
  const of = locators ?? decode(PlatformId2, data, where);
  return {
    signature: 'sp800-155',
    version,
    vendor: of.vendor,
    manifest: of.manifest,
    platform: { manufacturer: said(of.manufacturer), model: said(of.model), version: said(of.version) },
    firmware: {
      manufacturer: said(of.firmwareManufacturer),
      manufacturerId: of.firmwareManufacturerId,
      version: said(of.firmwareVersion),
    },
    ...(locators && { manifestLocator: locators.manifestLocator, certificateLocator: locators.certificateLocator }),
  };
}

function specId(data: Uint8Array, say: Say): SpecId {
  const id = reads(SpecIdEvent, 'TCG_EfiSpecIDEvent')(data, say);
  return {
    signature: 'spec-id',
    event: 3,
    version: `${id.specVersionMajor}.${id.specVersionMinor} errata ${id.specErrata}`,
    platformClass: id.platformClass,
    uintnSize: id.uintnSize,
    algorithms: id.algorithms,
    vendorInfo: id.vendorInfo,
  };
}

function oldSpecId(data: Uint8Array, say: Say, event: 0 | 2): SpecId {
  const { major, minor, errata, platformClass, uintnSize, vendorInfo } = reads(OldSpecId, 'TCG_PCClientSpecIDEvent')(
    data,
    say,
  );
  const version = `${major}.${minor} errata ${errata}`;
  return { signature: 'spec-id', event, version, platformClass, uintnSize, algorithms: [], vendorInfo };
}

function nvIndex(data: Uint8Array, say: Say, sort: 'instance' | 'dynamic'): NoActionContent {
  const { version, data: rest } = reads(NvIndex, 'TCG_NV_INDEX_EVENT_LOG_STRUCT')(data, say);
  return { signature: 'nv-index', sort, version, data: rest };
}

const readers: Record<string, (data: Uint8Array, say: Say) => NoActionContent> = {
  'Spec ID Event00': (data, say) => oldSpecId(data, say, 0),
  'Spec ID Event02': (data, say) => oldSpecId(data, say, 2),
  'Spec ID Event03': specId,
  StartupLocality(data, say) {
    const { locality } = reads(StartupLocality, 'TCG_EfiStartupLocalityEvent')(data, say);
    return { signature: 'startup-locality', locality };
  },
  'SP800-155 Event': (data, say) => platformId(data, say, 1),
  'SP800-155 Event2': (data, say) => platformId(data, say, 2),
  'SP800-155 Event3': (data, say) => platformId(data, say, 3),
  'H-CRTM CompMeas'(data, say) {
    const { component, format, measurement } = reads(HcrtmComponent, 'TCG_HCRTMComponentEvent')(data, say);
    return { signature: 'h-crtm-component', component: said(component), format, measurement };
  },
  NvIndexInstance: (data, say) => nvIndex(data, say, 'instance'),
  'NvIndexDynamic ': (data, say) => nvIndex(data, say, 'dynamic'),
};

export const noAction: EventType<'no-action'> = {
  number: 0x0000_0003,
  name: 'EV_NO_ACTION',
  kind: 'no-action',
  read(data, say) {
    const name = said(data.subarray(0, 16));
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    return reader ? reader(data, say) : { signature: 'other', text: name };
  },
  describe(content) {
    switch (content.signature) {
      case 'spec-id':
        return `header of a ${content.event === 3 ? 'crypto-agile log' : 'log for TPM 1.2'}, version ${content.version}`;
      case 'startup-locality':
        return `TPM started from locality ${content.locality}`;
      case 'sp800-155': {
        const { platform, firmware, manifest } = content;
        const names = platform && firmware && [...Object.values(platform), firmware.manufacturer, firmware.version];
        return `reference manifest ${manifest}${names ? ` (${names.filter(Boolean).join(', ')})` : ''}`;
      }
      case 'h-crtm-component':
        return `measured before the firmware: “${content.component}”`;
      case 'nv-index':
        return `extended into an NV index (${content.sort})`;
      case 'other':
        return `note “${content.text}”`;
    }
  },
};
