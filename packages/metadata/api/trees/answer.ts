// What every file of the metadata trees may look at, and what it gives.
import { Buffer } from 'node:buffer';
import type { InstanceRecord } from '@assay/compute/records';

/** All there is to make a file from. */
export type Source = {
  readonly instance: InstanceRecord;
  /** Appended to host names, `[api] dhcp_domain`; empty: nothing. */
  readonly dhcpDomain: string;
  /** What `[api] vendordata_jsonfile_path` holds; `{}` without. */
  readonly vendorData: unknown;
  readonly randomBytes: (size: number) => Uint8Array;
};

export type Answer = { readonly type: string; readonly body: Buffer };

// Nova's, to the letter: network_data.json is text too.
const jsonType = 'application/json';
const textType = 'text/plain; charset=UTF-8';

export const asText = (body: string | Uint8Array): Answer => ({ type: textType, body: Buffer.from(body as string) });
export const asJson = (body: string): Answer => ({ type: jsonType, body: Buffer.from(body) });
/** Names, one a line, none after the last. */
export const asListing = (names: readonly string[]): Answer => asText(names.join('\n'));

export function hostnameOf({ instance, dhcpDomain }: Source): string {
  return dhcpDomain ? `${instance.hostname}.${dhcpDomain}` : instance.hostname;
}
