// The three services stock clients speak to, each on its own port: identity, image, compute.
import { type Clock, type Log, signingKey } from '@assay/daemon';
import { createHttpsServer, type HttpsServer, listen, type RenderError } from '@assay/daemon/https';
import type { Kysely } from 'kysely';
import { renderComputeError } from './api/errors.ts';
import { computeRoutes } from './api/routes.ts';
import type { Conductor } from './conductor/index.ts';
import type { Urls } from './identity/catalog.ts';
import { identityRoutes, renderIdentityError } from './identity/routes.ts';
import { tokens } from './identity/tokens.ts';
import { imageRoutes, renderImageError } from './image/routes.ts';
import type { ComputeConf } from './options.ts';
import type { Tables } from './storage/tables.ts';

/** One hour, as Keystone's default. */
const tokenLifetimeS = 3600;

export type Apis = { urls: Urls; identity: HttpsServer; image: HttpsServer; compute: HttpsServer };

export type ApisOptions = {
  conf: Pick<ComputeConf, 'api' | 'image' | 'identity'> & { DEFAULT: { service_down_time: number } };
  db: Kysely<Tables>;
  conductor: Conductor;
  log: Log;
  clock: Clock;
};

/** Made, not yet listening. @throws AssayError `tls-…`, `config-value` for the key of tokens */
export function createApis({ conf, db, conductor, log, clock }: ApisOptions): Apis {
  const host = conf.api.endpoint_host ?? conf.api.listen;
  const at = (port: number) => `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const urls: Urls = {
    identity: at(conf.api.identity_port),
    image: at(conf.api.image_port),
    compute: at(conf.api.compute_port),
  };
  const key = signingKey(conf.identity.token_key_file, '[identity] token_key_file');
  const issuer = tokens(key, tokenLifetimeS, clock);
  const make = (name: string, renderError: RenderError, bodyLimit: number) =>
    createHttpsServer({
      certFile: conf.api.tls_cert_file,
      keyFile: conf.api.tls_key_file,
      keyOption: '[api] tls_key_file',
      clientCertificate: 'none',
      log: log.child({ api: name }),
      renderError,
      bodyLimit,
    });
  const identity = make('identity', renderIdentityError(urls), 64 << 10);
  const image = make('image', renderImageError(urls), 64 << 10);
  const compute = make('compute', renderComputeError(urls), 256 << 10);
  identityRoutes(identity, { db, tokens: issuer, urls, clock, log });
  imageRoutes(image, { db, tokens: issuer, urls, directory: conf.image.directory });
  const serviceDownTimeS = conf.DEFAULT.service_down_time;
  computeRoutes(compute, { db, tokens: issuer, conductor, urls, clock, log, serviceDownTimeS });
  return { urls, identity, image, compute };
}

/**
 * Identity last: whoever gets a catalog finds what it names.
 * @returns ends them all
 * @throws AssayError `listen-…`
 */
export async function listenApis(apis: Apis, { api }: Pick<ComputeConf, 'api'>): Promise<() => Promise<void>> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => void (await Promise.all(closers.map((one) => one())));
  try {
    for (const name of ['compute', 'image', 'identity'] as const) {
      const { port, close: closeOne } = await listen(apis[name], { host: api.listen, port: api[`${name}_port`] });
      closers.push(closeOne);
      apis.urls[name] = apis.urls[name].replace(/:\d+$/, `:${port}`);
    }
    return close;
  } catch (error) {
    await close();
    throw error;
  }
}
