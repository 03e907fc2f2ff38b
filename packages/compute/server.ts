// `assay compute-api`: one process that answers clients, decides where instances run and gives hosts their orders.
import type { Clock, Daemon } from '@assay/daemon';
import { createApis, listenApis } from './apis.ts';
import { startConductor } from './conductor/index.ts';
import type { Urls } from './identity/catalog.ts';
import type { ComputeConf } from './options.ts';
import { schedulerSettings } from './scheduler/index.ts';
import { openStorage } from './storage/open.ts';

export type ComputeApi = { urls: Urls; linkPort: number };

/**
 * Takes its four ports and takes up what an earlier process left unfinished. Ends by the functions it gives to `onStop`.
 * @throws AssayError for options, files, addresses or a database that are not fit
 */
export async function startComputeApi(
  conf: ComputeConf,
  { log, clock, onStop }: Pick<Daemon, 'log' | 'onStop'> & { clock: Clock },
): Promise<ComputeApi> {
  const scheduler = schedulerSettings(conf);
  const db = await openStorage(conf.database.connection);
  onStop(() => db.destroy());
  const conductor = await startConductor({
    db,
    clock,
    log,
    scheduler,
    link: {
      listen: conf.api.listen,
      port: conf.api.link_port,
      certFile: conf.api.tls_cert_file,
      keyFile: conf.api.tls_key_file,
      keyOption: '[api] tls_key_file',
      caFile: conf.api.tls_ca_file,
    },
    imageDirectory: conf.image.directory,
  });
  onStop(() => conductor.close());
  const apis = createApis({ conf, db, conductor, log, clock });
  onStop(await listenApis(apis, conf));
  log.info({ ...apis.urls, link: conductor.port }, 'compute API listening');
  return { urls: apis.urls, linkPort: conductor.port };
}
