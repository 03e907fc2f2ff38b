// What do stock clients need to reach this cloud? The variables they know, in a file to be sourced.
import type { Layout } from './layout.ts';
import { address, type Ports } from './ports.ts';
import { writePrivate } from './private-file.ts';
import type { Secrets } from './secrets.ts';

export function writeOpenrcs(paths: Layout, ports: Ports, secrets: Secrets): void {
  const operator = {
    ASSAY_SERVER: `https://${address}:${ports.attestation}`,
    ASSAY_CA_FILE: paths.ca.certificate,
    ASSAY_AUTH_BLOB_FILE: paths.attestation.authBlob,
  };
  const who = (name: string, password: string) => ({
    OS_AUTH_URL: `https://${address}:${ports.identity}/v3`,
    OS_IDENTITY_API_VERSION: '3',
    OS_USERNAME: name,
    OS_PASSWORD: password,
    OS_PROJECT_NAME: name,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_REGION_NAME: 'RegionOne',
    OS_CACERT: paths.ca.certificate,
  });
  writePrivate(paths.openrc, shell({ ...who('admin', secrets.adminPassword), ...operator }));
  writePrivate(paths.demoOpenrc, shell(who('demo', secrets.demoPassword)));
}

/** `export NAME='value'` lines for a POSIX shell. */
export const shell = (variables: Record<string, string>): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('');
