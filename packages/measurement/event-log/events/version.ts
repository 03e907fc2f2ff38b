// EV_S_CRTM_VERSION: which version of the code that measures first (PFP §10.4.1): UTF-16 text, or a GUID.
import { guidText, ucs2 } from '../../uefi/primitives.ts';
import { allOfData, type EventType } from '../event-type.ts';

/** Empty text: a firmware that gives no version. */
export type VersionContent = { text: string };

export const version: EventType<'version'> = {
  number: 0x0000_0008,
  name: 'EV_S_CRTM_VERSION',
  kind: 'version',
  read(data) {
    const text = data.length % 2 ? Buffer.from(data).toString('latin1') : ucs2(data);
    const printable = /^[\x20-\x7e]*\0*$/.test(text);
    return { text: printable ? text.replace(/\0+$/, '') : data.length === 16 ? guidText(data) : '' };
  },
  describe: ({ text }) => `firmware version ${text ? `“${text}”` : 'not given'}`,
  covers: allOfData,
};
