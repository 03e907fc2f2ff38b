// Which options can an operator set? Writes etc/*.sample from the declarations in the packages.
//   node scripts/sample-configs.ts          writes them
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { options as agent } from '@assay/agent';
import { options as attestation } from '@assay/attestation';
import { options as compute } from '@assay/compute';
import { hostOptions } from '@assay/compute/host';
import { sampleFile } from '@assay/daemon';
import { apiOptions } from '@assay/metadata';
import { proxyOptions } from '@assay/metadata/proxy';

export const folder = join(import.meta.dirname, '../etc');

/** File name → what must stand in it. */
export const samples: Record<string, string> = {
  'assay.conf.sample': sampleFile(
    'What is Assay’s own: the attestation server reads [attestation_server], each host the rest.',
    attestation,
    agent,
    hostOptions,
  ),
  'nova.conf.sample': sampleFile(
    'Read by the compute API, its scheduler and the metadata API, with Nova’s names where Nova has them. What else stands in an existing nova.conf is left alone.',
    compute,
    apiOptions,
  ),
  'metadata_agent.ini.sample': sampleFile(
    'Read by the metadata proxy on each host, with Neutron’s names.',
    proxyOptions,
  ),
};

if (import.meta.main) for (const [name, text] of Object.entries(samples)) writeFileSync(join(folder, name), text);
