// What OpenAttestation had and Assay has not: each path says why, in OpenAttestation's shape.
import { AssayError } from '@assay/core';
import type { HttpsServer } from '@assay/daemon/https';
import { attestationService, spellings, whiteListService } from './resource.ts';

const before15 = '/OpenAttestationWebServices/V1.0';

const scripts =
  'analysis types run commands of whoever can reach the server; what is checked, policies say: assay policy';
const assertions =
  'signed assertions are start permissions here: POST /v1/tickets; a verdict is asked for with PollHosts';
const location = 'where a host is stands in its asset tags, which its TPM certifies: assay host tag';
const tags = 'asset tags are written by assay host tag, and certified by the host’s own TPM';
const jobs = 'jobs that ask in the background: verdicts are always fresh, ask PollHosts';

const why: readonly (readonly [base: string, path: string, reason: string])[] = [
  [whiteListService, 'analysisTypes', scripts],
  [attestationService, 'saml/assertions/host', assertions],
  [attestationService, 'hosts/bulk/trust/saml', assertions],
  [attestationService, 'hosts/location', location],
  [attestationService, 'assetTagCert', tags],
  [attestationService, 'tag-kv-attributes', tags],
  [attestationService, 'tag-certificates', tags],
  [attestationService, 'tag-certificate-requests-rpc/provision', tags],
  [attestationService, 'tag-certificate-requests-rpc/revoke-tag-certificate', tags],
  [attestationService, 'PostHosts', jobs],
  ...['PostHosts', 'PostedHosts', 'AllRequests'].map((path) => [before15, path, jobs] as const),
  ...['Version', 'Services'].map((path) => [before15, path, 'of this base PollHosts alone is left'] as const),
];

export function notOffered(server: HttpsServer): void {
  for (const [base, path, reason] of why)
    for (const url of spellings(base, path)) {
      const handler = async () => {
        throw new AssayError('oat-not-implemented', url, 'a resource that is offered', `none: ${reason}`);
      };
      server.route({ method: 'GET', url, config: { access: 'read' }, handler });
      server.route({ method: ['POST', 'PUT', 'DELETE'], url, config: { access: 'write' }, handler });
    }
}
