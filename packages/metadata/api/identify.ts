// Whose metadata may this request read? The instance the proxy signed for, if it runs on the host whose certificate came.
// Nothing of it is believed because a guest said it; that the guest is who the proxy says is the proxy's word.
import type { IncomingHttpHeaders } from 'node:http';
import type { InstanceRecord, Records } from '@assay/compute/records';
import { isSignatureOf } from '../signature.ts';

export type Asker =
  | { readonly instance: InstanceRecord }
  | {
      readonly status: 400 | 403 | 404;
      /** For the answer; absent: what the status means. Of a 404 nobody is told why. */
      readonly explanation?: string;
      /** For our log. */
      readonly reason: string;
    };

const needed = ['X-Instance-ID', 'X-Instance-ID-Signature', 'X-Tenant-ID'] as const; // in Nova's order
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * @param peer the host that the verified client certificate names
 * @returns 404 alike for an instance that does not exist, is another tenant's, runs on another host, or has no permission
 * to start there yet
 */
export async function identify(
  headers: IncomingHttpHeaders,
  peer: string,
  { records, secret }: { records: Pick<Records, 'instance'>; secret: string },
): Promise<Asker> {
  const missing = needed.find((name) => headers[name.toLowerCase()] === undefined);
  if (missing)
    return { status: 400, explanation: `${missing} header is missing from request.`, reason: `no ${missing}` };
  const [id = '', signature = '', tenant = ''] = needed.map((name) => String(headers[name.toLowerCase()]));
  if (!isSignatureOf(signature, secret, id))
    return { status: 403, explanation: 'Invalid proxy request signature.', reason: 'signature does not verify' };
  const instance = uuid.test(id) ? await records.instance(id) : undefined;
  const refused = (reason: string) => ({ status: 404, reason }) as const;
  if (!instance) return refused('no such instance');
  if (instance.projectId !== tenant) return refused('instance of another project');
  if (instance.host !== peer) return refused(`instance is on ${instance.host ?? 'no host'}`);
  // A host is chosen before it is asked for its trust; until then what belongs to the instance stays here.
  if (instance.node !== peer) return refused('instance is not released to this host yet');
  return { instance };
}
