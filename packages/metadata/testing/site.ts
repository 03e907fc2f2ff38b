// A metadata API and a proxy before it, with a socket for each guest: for tests that look at metadata as guests do.
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstanceRecord, Records } from '@assay/compute/records';
import { createLog, type Log, loadConfig } from '@assay/daemon';
import { type TestPki, testPki } from '@assay/daemon/testing';
import { options as apiOptions } from '../api/options.ts';
import { type MetadataApi, startMetadataApi } from '../api/server.ts';
import { options as proxyOptions } from '../proxy/options.ts';
import { type MetadataProxy, startMetadataProxy } from '../proxy/server.ts';
import { recordsOf } from './records.ts';

/** By section and option, over what a small site needs. */
export type IniChange = Readonly<Record<string, Readonly<Record<string, string>>>>;
export type Site = {
  readonly folder: string;
  readonly pki: TestPki;
  readonly records: Records;
  readonly api: MetadataApi;
  readonly proxy: MetadataProxy;
  /** Lines of both logs. */
  readonly lines: Record<string, unknown>[];
  /** Where a guest finds 169.254.169.254: in a folder of its own. */
  socketOf(instance: Pick<InstanceRecord, 'id'>): string;
};

const secret = 'a secret of enough letters';

/** @param instances all on host node1, the proxy's; read at each request */
export async function startSite(
  t: { after(end: () => unknown): void },
  { instances, nova = {}, agent = {} }: { instances: InstanceRecord[]; nova?: IniChange; agent?: IniChange },
): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-site-'));
  chmodSync(folder, 0o755); // QEMU, another user, finds its guest's socket below it
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const pki = testPki();
  const lines: Record<string, unknown>[] = [];
  const log = createLog('test', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
  const records = recordsOf(instances);
  const api = await startApi({ folder, pki, log, records, nova });
  t.after(() => api.close());
  const socketOf = ({ id }: Pick<InstanceRecord, 'id'>) => join(folder, id, 'metadata.sock');
  const ports = join(folder, 'ports');
  mkdirSync(ports, { mode: 0o700 });
  for (const instance of instances) {
    mkdirSync(join(folder, instance.id), { mode: 0o700 });
    plug(ports, instance, socketOf(instance));
  }
  const node1 = pki.host('node1');
  const conf = writeIni(join(folder, 'metadata_agent.ini'), {
    DEFAULT: {
      nova_metadata_host: 'localhost',
      nova_metadata_port: `${api.port}`,
      nova_metadata_protocol: 'https',
      nova_client_cert: node1.certFile,
      nova_client_priv_key: node1.keyFile,
      auth_ca_cert: pki.caFile,
      metadata_proxy_shared_secret: secret,
      ...agent['DEFAULT'],
    },
    ...without(agent, 'DEFAULT'),
    assay: { ports_dir: ports, ...agent['assay'] },
  });
  const proxy = await startMetadataProxy(loadConfig([conf], proxyOptions), { log });
  t.after(() => proxy.close());
  return { folder, pki, records, api, proxy, lines, socketOf };
}

async function startApi(given: { folder: string; pki: TestPki; log: Log; records: Records; nova: IniChange }) {
  const { folder, pki, log, records, nova } = given;
  const server = pki.server();
  const conf = writeIni(join(folder, 'nova.conf'), {
    ...nova,
    DEFAULT: {
      enabled_ssl_apis: 'metadata',
      metadata_listen: '127.0.0.1',
      metadata_listen_port: '0',
      ...nova['DEFAULT'],
    },
    wsgi: { ssl_cert_file: server.certFile, ssl_key_file: server.keyFile, ssl_ca_file: pki.caFile, ...nova['wsgi'] },
    neutron: { service_metadata_proxy: 'True', metadata_proxy_shared_secret: secret, ...nova['neutron'] },
    database: { connection: 'sqlite::memory:' },
  });
  return await startMetadataApi(loadConfig([conf], apiOptions), { log, records });
}

/** What compute-host does when it starts a guest. */
function plug(ports: string, { id, projectId, address }: InstanceRecord, socket: string): void {
  const next = join(ports, `.${randomUUID()}`);
  writeFileSync(next, JSON.stringify({ instance_id: id, project_id: projectId, address, socket }));
  renameSync(next, join(ports, `${id}.json`));
}

function writeIni(file: string, sections: IniChange): string {
  const text = Object.entries(sections).map(([name, section]) =>
    [`[${name}]`, ...Object.entries(section).map(([key, value]) => `${key} = ${value}`), ''].join('\n'),
  );
  writeFileSync(file, text.join('\n'), { mode: 0o600 });
  return file;
}

const without = (sections: IniChange, name: string): IniChange =>
  Object.fromEntries(Object.entries(sections).filter(([key]) => key !== name));
