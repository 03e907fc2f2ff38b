// The metadata API, put together: HTTPS on which only hosts with a certificate get as far as a request.
import { readFileSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { openRecords, type Records } from '@assay/compute/records';
import { AssayError } from '@assay/core';
import type { Log } from '@assay/daemon';
import { createHttpsServer, listen, type RenderError } from '@assay/daemon/https';
import type { FastifyRequest } from 'fastify';
import { htmlPage, htmlType } from '../html-page.ts';
import { checkOptions, type MetadataApiConf } from './options.ts';
import { certificatePeers } from './peers.ts';
import { metadataRoutes } from './routes.ts';

export type MetadataApi = { readonly port: number; close(): Promise<void> };

/**
 * @param records default: the compute service's database that `conf` names
 * @param onStop given what `close` does, for a process that ends by a signal
 * @throws AssayError for whatever keeps it from starting, naming the option; nothing is left running then
 */
export async function startMetadataApi(
  conf: MetadataApiConf,
  daemon: { log: Log; records?: Records; onStop?: (stop: () => Promise<void>) => void; now?: () => Date },
): Promise<MetadataApi> {
  checkOptions(conf);
  const vendorData = readVendorData(conf.api.vendordata_jsonfile_path);
  const { metadata_listen: host, metadata_listen_port: port } = conf.DEFAULT;
  const server = createHttpsServer({
    certFile: conf.wsgi.ssl_cert_file,
    keyFile: conf.wsgi.ssl_key_file,
    keyOption: 'nova.conf [wsgi] ssl_key_file',
    caFile: conf.wsgi.ssl_ca_file,
    clientCertificate: 'required',
    log: daemon.log,
    renderError,
    bodyLimit: 4096,
  });
  const records = daemon.records ?? (await openRecords(conf.database.connection));
  const closeRecords = async () => {
    if (!daemon.records) await records.close();
  };
  const peers = certificatePeers(daemon.now ?? (() => new Date()));
  metadataRoutes(server, {
    records,
    secret: conf.neutron.metadata_proxy_shared_secret,
    dhcpDomain: conf.api.dhcp_domain,
    vendorData,
    peerOf: (request: FastifyRequest) => peers(request.raw.socket as TLSSocket),
  });
  try {
    const listening = await listen(server, { host, port });
    const close = async () => {
      await listening.close();
      await closeRecords();
    };
    daemon.onStop?.(close);
    daemon.log.info({ address: host, port: listening.port }, 'metadata API listens');
    return { port: listening.port, close };
  } catch (error) {
    await server.close();
    await closeRecords();
    throw error;
  }
}

/** Nova's HTML pages; `reply` is absent for what was no HTTP. */
const renderError: RenderError = ({ status }, reply) => {
  reply?.type(htmlType).header('cache-control', 'no-store');
  return htmlPage(status);
};

/** @throws AssayError `config-value` */
function readVendorData(file: string | undefined): unknown {
  if (file === undefined) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new AssayError(
      'config-value',
      `nova.conf [api] vendordata_jsonfile_path (${file})`,
      'a file with JSON',
      cause,
      {
        cause,
      },
    );
  }
}
