// EV_NO_ACTION: information for whoever reads the log; recorded, never extended (PFP §10.4.5). No digest vouches for it.
import { bytes, struct, u8 } from '@assay/core';
import { type EventType, reads } from '../event-type.ts';
import { SpecIdEvent } from '../frame.ts';

/** `startup-locality`: the locality TPM2_Startup came from, which PCR 0 starts with. */
export type NoActionContent =
  | { signature: 'spec-id'; version: string; uintnSize: number }
  | { signature: 'startup-locality'; locality: number }
  | { signature: 'other'; text: string };

const StartupLocality = struct({ signature: bytes(16), locality: u8 });

export const noAction: EventType<'no-action'> = {
  number: 0x0000_0003,
  name: 'EV_NO_ACTION',
  kind: 'no-action',
  read(data) {
    const text = Buffer.from(data.subarray(0, 16)).toString('latin1').replace(/\0+$/, '');
    if (text === 'Spec ID Event03') {
      const id = reads(SpecIdEvent, 'TCG_EfiSpecIDEvent')(data);
      const version = `${id.specVersionMajor}.${id.specVersionMinor} errata ${id.specErrata}`;
      return { signature: 'spec-id', version, uintnSize: id.uintnSize };
    }
    if (text === 'StartupLocality') {
      const { locality } = reads(StartupLocality, 'TCG_EfiStartupLocalityEvent')(data);
      return { signature: 'startup-locality', locality };
    }
    return { signature: 'other', text };
  },
  describe(content) {
    if (content.signature === 'spec-id') return `header of a crypto-agile log, version ${content.version}`;
    if (content.signature === 'startup-locality') return `TPM started from locality ${content.locality}`;
    return `note “${content.text}”`;
  },
};
