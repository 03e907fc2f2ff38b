// What the tests of the import have in common: an old server's stock, and the import from one server to another.
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { fileOf } from '../../evidence/testing/world.ts';
import { testTerminal } from '../../operator/testing/terminal.ts';
import { type ImportOptions, importOat } from '../import/command.ts';
import type { Moved } from '../import/move.ts';
import { emptyStock, generationC, type Manifest, type Stock } from './generation-c.ts';
import { type OldServer, startOldServer } from './old-server.ts';

export type Target = { url: string; caFile: string; blob: string };
export const sha1 = '3A1F0C5577AB00E2D4C9135E6688F0B1C2D3E4F5';
export const sha256 = () => randomBytes(32).toString('hex').toUpperCase();
export const pcr0 = sha256();

export const bios = (version: string, manifests: Manifest[]) => ({
  row: {
    ...{ Name: 'fab-bios', Version: version, OemName: 'Fabrikam', OsName: null, OsVersion: null },
    ...{ Attestation_Type: 'PCR', MLE_Type: 'BIOS', Description: 'of the rack' },
  },
  manifests,
});
const kvm = {
  row: {
    ...{ Name: 'kvm', Version: '8.2', OemName: null, OsName: 'Debian', OsVersion: '12' },
    ...{ Attestation_Type: 'PCR', MLE_Type: 'VMM', Description: '' },
  },
  manifests: ['4', '8', '9'].map((Name) => ({ Name, Value: sha256() })),
};
export const host = (name: string, address: string, more = {}) => ({
  ...{
    HostName: name,
    IPAddress: address,
    Port: '9999',
    BIOS_Name: 'fab-bios',
    BIOS_Version: '2.7',
    BIOS_Oem: 'Fabrikam',
  },
  ...{ VMM_Name: 'kvm', VMM_Version: '8.2', VMM_OSName: 'Debian', VMM_OSVersion: '12', Description: '', Email: '' },
  ...{ AddOn_Connection_String: `intel:https://${address}:9999`, ...more },
});
/** All that can be measured of firmware. */
export const list = [0, 1, 2, 3, 4, 5, 6, 7].map((pcr) => ({ Name: String(pcr), Value: pcr === 0 ? pcr0 : sha256() }));
export const stocked = (): Stock => ({
  ...emptyStock(),
  oems: [{ Name: 'Fabrikam', Description: 'rack vendor' }],
  oses: [{ Name: 'Debian', Version: '12', Description: '' }],
  mles: [bios('2.7', structuredClone(list)), bios('2.6', [{ Name: '0', Value: sha1 }]), kvm],
  hosts: [host('kvm01.lab', '192.0.2.11'), host('kvm02.lab', '192.0.2.12', { BIOS_Version: '2.6' })],
});

export async function imported(t: TestContext, old: OldServer, to: Target, more: Partial<ImportOptions> = {}) {
  const out = testTerminal();
  const access = { server: to.url, caFile: to.caFile, authBlobFile: fileOf(t, to.blob) };
  const whole = await importOat({ url: old.url, oldCaFile: old.caFile, json: true, ...access, ...more }, out);
  const { moved } = out.json[0] as { moved: Moved[] };
  const outcomes = Object.fromEntries(moved.map(({ kind, name, outcome }) => [`${kind} ${name}`, outcome]));
  return { whole, moved, outcomes, why: (name: string) => moved.find((one) => one.name === name)?.why ?? '' };
}

/** Another server like the old one, which asks nobody for a secret. */
export async function target(t: TestContext, stock: Stock): Promise<Target> {
  return { ...(await startOldServer(t, generationC(stock))), blob: 'a-secret-nobody-asks-for' };
}
