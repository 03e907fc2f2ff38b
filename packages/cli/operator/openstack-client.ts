// How does an operator's command speak to the compute API? As any OpenStack client: Keystone credentials from the environment.
import { readFileSync } from 'node:fs';
import { AssayError } from '@assay/core';
import { type HttpsAnswer, httpsRequest } from '@assay/daemon';

type Environment = Record<string, string | undefined>;
type Json = Record<string, unknown>;

export type ComputeClient = {
  /** @param path below the compute endpoint @throws AssayError `openstack-refused`, `https-…` */
  get(path: string): Promise<Json>;
};

/**
 * Asks Keystone for a token and where the compute API is.
 * @throws AssayError `openstack-credentials` naming the variable that is missing, `openstack-refused`, `https-…`
 */
export async function computeClient(environment: Environment = process.env): Promise<ComputeClient> {
  const variable = (name: string, otherwise?: string): string => {
    const value = environment[name] || otherwise;
    if (value) return value;
    throw new AssayError('openstack-credentials', `environment ${name}`, 'a value', 'none', {
      hint: 'source the openrc file: . .assay/openrc',
    });
  };
  const ca = environment['OS_CACERT'] ? readCaFile(environment['OS_CACERT']) : undefined;
  const ask = (url: string, method: string, headers: Record<string, string>, body?: unknown) =>
    httpsRequest({ url, method, headers, ca, maxBytes: 16 << 20, ...(body !== undefined && { body }) });

  const domain = (kind: string) => ({ name: variable(`OS_${kind}_DOMAIN_NAME`, 'Default') });
  const user = { name: variable('OS_USERNAME'), domain: domain('USER'), password: variable('OS_PASSWORD') };
  const scope = { project: { name: variable('OS_PROJECT_NAME'), domain: domain('PROJECT') } };
  const tokens = `${variable('OS_AUTH_URL').replace(/\/+$/, '')}/auth/tokens`;
  const auth = { identity: { methods: ['password'], password: { user } }, scope };
  const granted = await ask(tokens, 'POST', {}, { auth });
  const { token } = read(granted, tokens) as { token?: { catalog?: CatalogEntry[] } };
  const subject = granted.headers['x-subject-token'];
  const compute = endpointOf(token?.catalog ?? [], environment['OS_REGION_NAME']);
  if (typeof subject !== 'string' || compute === undefined)
    throw new AssayError('openstack-refused', tokens, 'a token and an endpoint of the compute API', 'neither');
  return {
    async get(path) {
      const url = `${compute.replace(/\/+$/, '')}${path}`;
      const headers = { 'x-auth-token': subject, 'openstack-api-version': 'compute 2.92' };
      return read(await ask(url, 'GET', headers), url);
    },
  };
}

type CatalogEntry = { type?: string; endpoints?: { interface?: string; region?: string; url?: string }[] };

const endpointOf = (catalog: readonly CatalogEntry[], region: string | undefined): string | undefined =>
  catalog
    .find(({ type }) => type === 'compute')
    ?.endpoints?.find((one) => one.interface === 'public' && (region === undefined || one.region === region))?.url;

function read({ status, body }: HttpsAnswer, where: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    value = undefined; // another kind of answer, said below
  }
  if (status < 400 && typeof value === 'object' && value !== null) return value as Json;
  // Nova wraps its message in a name that tells the kind of failure: {"itemNotFound": {"code", "message"}}.
  const [failure] = Object.values((value ?? {}) as Record<string, { message?: unknown }>);
  const said = typeof failure?.message === 'string' ? `: ${failure.message}` : '';
  throw new AssayError('openstack-refused', where, 'an answer', `status ${status}${said}`);
}

function readCaFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new AssayError('openstack-credentials', `environment OS_CACERT ${file}`, 'a file that can be read', cause, {
      cause,
    });
  }
}
