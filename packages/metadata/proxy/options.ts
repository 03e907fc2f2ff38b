// Which options of metadata_agent.ini does the proxy read? Neutron's names; where Neutron would go on in silence with less
// security than the file seems to ask for, this stops at start.
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { dirname } from 'node:path';
import { AssayError } from '@assay/core';
import {
  type Conf,
  flag,
  hostOf,
  integer,
  isSlip,
  type Option,
  oneOf,
  path,
  port,
  readCa,
  readTlsFiles,
  type Sections,
  secret,
  text,
} from '@assay/daemon';
import { rateLimitingOptions, rateWindows, type Window } from '../rate-limit.ts';
import { checkSecret } from '../secret.ts';

/** Neutron’s, read and of no effect here: `why` tells the operator, in the sample and, where it is set, in the log. */
const withoutEffect = (why: string): Option<string | undefined> =>
  text({ help: `Neutron’s; without effect here: ${why}.`, optional: true });
const ownSocket = 'each guest has a socket of its own, where compute-host says';
const noLookUp = 'who a guest is says its socket; nothing is looked up';
const noReports = 'nothing is reported to a Neutron server';
const noHaproxy = 'there is no haproxy before this';

export const options = {
  DEFAULT: {
    nova_metadata_host: text({
      help: 'Host name or address of the metadata API.',
      default: '127.0.0.1',
      aliases: ['nova_metadata_ip'],
    }),
    nova_metadata_port: port({ help: 'Its port.', default: 8775 }),
    nova_metadata_protocol: oneOf(['http', 'https'], {
      help: 'Must be https: with http everybody on the way reads what instances read.',
      default: 'https',
    }),
    nova_metadata_insecure: flag({
      help: 'Must be False: True would give instances metadata from whoever answers.',
      default: false,
    }),
    nova_client_cert: path({ help: 'This host’s certificate (PEM): its one DNS name is the host’s.' }),
    nova_client_priv_key: path({ help: 'Its private key (PEM), readable by nobody else.' }),
    auth_ca_cert: path({
      help: 'CA certificates (PEM) that vouch for the metadata API; without it the system’s.',
      optional: true,
    }),
    metadata_proxy_shared_secret: secret({ help: 'As in nova.conf [neutron]; at least 16 characters.' }),
    metadata_workers: integer({
      help: 'Threads that carry requests; 0 for none beside the main one. Neutron’s default is half the CPUs.',
      default: 0,
      min: 0,
      max: 256,
    }),
    metadata_backlog: integer({
      help: 'How many connections may wait to be accepted, of each guest.',
      default: 4096,
      min: 1,
      max: 65_535,
    }),
    metadata_proxy_socket: withoutEffect(ownSocket),
    metadata_proxy_user: withoutEffect(ownSocket),
    metadata_proxy_group: withoutEffect(ownSocket),
    metadata_proxy_socket_mode: withoutEffect(ownSocket),
  },
  metadata_rate_limiting: {
    ...rateLimitingOptions,
    ip_versions: withoutEffect('requests are counted by instance, over IPv4 and IPv6 together'),
  },
  metadata_haproxy: {
    timeout_connect: withoutEffect(noHaproxy),
    timeout_client: withoutEffect(noHaproxy),
    timeout_server: withoutEffect(noHaproxy),
    timeout_http_request: withoutEffect(noHaproxy),
    timeout_http_keep_alive: withoutEffect(noHaproxy),
  },
  cache: {
    enabled: withoutEffect(noLookUp),
    backend: withoutEffect(noLookUp),
    expiration_time: withoutEffect(noLookUp),
  },
  agent: {
    report_interval: withoutEffect(noReports),
    log_agent_heartbeats: withoutEffect(noReports),
  },
  assay: {
    ports_dir: path({ help: 'Where compute-host says which guest has which socket.' }),
    host: text({ help: 'This host’s name: when given, the certificate must be for it.', optional: true }),
  },
};
export type MetadataProxyConf = Conf<typeof options>;

/** How the metadata API is reached, and what for. */
export type ProxySettings = {
  /** `https://host:port` */
  readonly origin: string;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer; readonly ca: Buffer | undefined };
  readonly secret: string;
  /** What the client certificate names. */
  readonly host: string;
  readonly portsDir: string;
  readonly rateWindows: readonly Window[];
  readonly workers: number;
  readonly backlog: number;
  /** What the file sets in vain. */
  readonly warnings: readonly string[];
  /** Reads certificate, key and CA again, with the same checks. */
  readTls(now?: Date): ProxySettings['tls'];
  readonly tlsFiles: readonly string[];
};

/** @throws AssayError `config-value`, `tls-file`, `tls-key`, `tls-expired`, `tls-peer`, naming the option */
export function proxySettings(conf: MetadataProxyConf, now = new Date()): ProxySettings {
  const { DEFAULT: nova, assay } = conf;
  if (nova.nova_metadata_protocol !== 'https')
    throw wrong(
      'nova_metadata_protocol',
      'https',
      nova.nova_metadata_protocol,
      'instances’ secrets are not sent in clear',
    );
  if (nova.nova_metadata_insecure)
    throw wrong('nova_metadata_insecure', 'False', 'True', 'name the CA of the metadata API in auth_ca_cert');
  checkSecret(`${file} [DEFAULT] metadata_proxy_shared_secret`, nova.metadata_proxy_shared_secret);
  // An option that is not read because of a slip may be the one that was to make this safer.
  const slip = conf.warnings.find(isSlip);
  if (slip !== undefined) throw new AssayError('config-value', file, 'options that exist', slip);
  const { nova_client_cert: certFile, nova_client_priv_key: keyFile, auth_ca_cert: caFile } = nova;
  let known: string | undefined; // a renewed certificate is of the same host
  const readTls = (at = now) => {
    const tls = clientFiles(certFile, keyFile, at);
    const host = hostOfCertificate(tls.cert, assay.host ?? known);
    return {
      host,
      ...tls,
      ca: caFile === undefined ? undefined : naming('auth_ca_cert', () => readCa(caFile)),
    };
  };
  const { host, ...tls } = readTls();
  known = host;
  return {
    origin: originOf(nova.nova_metadata_host, nova.nova_metadata_port),
    tls,
    secret: nova.metadata_proxy_shared_secret,
    host,
    portsDir: checkedFolder(assay.ports_dir),
    rateWindows: rateWindows(conf.metadata_rate_limiting),
    workers: nova.metadata_workers,
    backlog: nova.metadata_backlog,
    warnings: inVain(conf),
    readTls,
    tlsFiles: [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])],
  };
}

function inVain(conf: MetadataProxyConf): string[] {
  const values = conf as unknown as Record<string, Record<string, unknown>>;
  const all: Sections = options;
  return Object.entries(all).flatMap(([section, declared]) =>
    Object.entries(declared)
      .filter(([name, { help }]) => help.includes('without effect here') && values[section]?.[name] !== undefined)
      .map(([name, { help }]) => `${file} [${section}] ${name}: ${help}`),
  );
}

const file = 'metadata_agent.ini';
const wrong = (option: string, expected: string, got: unknown, hint?: string) =>
  new AssayError('config-value', `${file} [DEFAULT] ${option}`, expected, got, hint ? { hint } : {});

function clientFiles(certFile: string, keyFile: string, now: Date): { cert: Buffer; key: Buffer } {
  const option = (error: AssayError) => (error.where === keyFile ? 'nova_client_priv_key' : 'nova_client_cert');
  const { cert, key } = naming(option, () => readTlsFiles({ certFile, keyFile }, now));
  return { cert, key };
}

/** Runs `read`; what fails there fails as this option. */
function naming<T>(option: string | ((error: AssayError) => string), read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    const name = typeof option === 'string' ? option : option(error);
    const { code, where, expected, got, hint, cause } = error;
    throw new AssayError(code, `${file} [DEFAULT] ${name} (${where})`, expected, got, {
      cause,
      ...(hint ? { hint } : {}),
    });
  }
}

function hostOfCertificate(cert: Buffer, expected: string | undefined): string {
  const host = naming('nova_client_cert', () => hostOf(new X509Certificate(cert).raw, 'certificate'));
  if (expected === undefined || host === expected) return host;
  throw wrong('nova_client_cert', `a certificate of ${expected}`, host);
}

function originOf(host: string, port: number): string {
  const origin = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (!/[/@?#\s]/.test(host) && URL.canParse(origin)) return new URL(origin).origin;
  throw wrong('nova_metadata_host', 'a host name or address', host);
}

/** Whoever may write there says who each guest is. Made when compute-host has not made it yet. */
function checkedFolder(folder: string): string {
  if (!existsSync(folder) && existsSync(dirname(folder))) mkdirSync(folder, { mode: 0o700, recursive: true });
  const where = `${file} [assay] ports_dir (${folder})`;
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found?.isDirectory())
    throw new AssayError('config-value', where, 'a folder', found ? 'a file' : 'nothing there');
  if (found.mode & 0o002)
    throw new AssayError(
      'config-value',
      where,
      'a folder that others cannot write to',
      `mode ${(found.mode & 0o7777).toString(8)}`,
    );
  return folder;
}
