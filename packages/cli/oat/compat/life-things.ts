// What a life is of: an OEM, an OS, a BIOS, a VMM and a host, all under one name, and where each of them is.
import { query } from '../peer.ts';
import { newBase, wlm } from './check.ts';

export const at = {
  oem: `${wlm}/oem`,
  os: `${wlm}/os`,
  mles: `${wlm}/mles`,
  manifest: `${wlm}/mles/manifest`,
  pcr: `${wlm}/mles/whitelist/pcr`,
  hosts: `${newBase}/hosts`,
};

const kind = { Attestation_Type: 'PCR', Description: '' };

/** @param name of everything */
export function thingsOf(name: string) {
  const host = `${name}.example`;
  const bios = { mleName: name, mleVersion: '1', oemName: name };
  const vmm = { mleName: name, mleVersion: '2', osName: name, osVersion: '1' };
  return {
    name,
    host,
    /** As their queries name them. */
    keys: {
      oem: query({ Name: name }),
      os: query({ Name: name, Version: '1' }),
      bios: query(bios),
      vmm: query(vmm),
      host: query({ hostName: host }),
    },
    search: query({ searchCriteria: name }),
    oem: (Description = '') => ({ Name: name, Description }),
    os: (Description = '') => ({ Name: name, Version: '1', Description }),
    /** @param value of PCR 0; absent: no white list */
    bios: (value?: string) => ({
      ...{ Name: name, Version: '1', OemName: name, MLE_Type: 'BIOS', ...kind },
      ...(value !== undefined && { MLE_Manifests: [{ Name: '0', Value: value }] }),
    }),
    vmm: { Name: name, Version: '2', OsName: name, OsVersion: '1', MLE_Type: 'VMM', ...kind },
    entry: (pcrName: string, pcrDigest: string) => ({ pcrName, pcrDigest, ...bios }),
    entryKey: (pcrName: string) => query({ pcrName, ...bios }),
    hostRecord: (more: Record<string, string> = {}) => ({
      ...{ HostName: host, IPAddress: '192.0.2.77', Port: '9999', BIOS_Name: name, BIOS_Version: '1', BIOS_Oem: name },
      ...{ VMM_Name: name, VMM_Version: '2', VMM_OSName: name, VMM_OSVersion: '1', Email: '', Description: '' },
      ...{ AddOn_Connection_String: '', ...more },
    }),
  };
}
export type Things = ReturnType<typeof thingsOf>;
