// What do the lab's services read? The files an operator would write, with the names an operator knows.
import { mkdirSync } from 'node:fs';
import { type IniContent, ini } from './ini.ts';
import type { HostLayout, Layout } from './layout.ts';
import { address, type Ports } from './ports.ts';
import { writePrivate } from './private-file.ts';
import { qemuUser } from './requirements.ts';
import type { Secrets } from './secrets.ts';
import type { Lab, LabHost } from './settings.ts';

/** Seconds between two rounds: short, so that a tampered host shows within seconds. */
const attestationPeriodS = 5;
/** Longer than a busy machine of two cores makes a round wait. */
const verdictLifetimeS = 30;
/** A guest powers off within three seconds; one that hangs shall not keep the cloud from going down. */
const shutdownTimeoutS = 10;

export function writeConfigs({ settings, paths }: Lab, secrets: Secrets): void {
  mkdirSync(paths.etc.dir, { recursive: true, mode: 0o700 });
  mkdirSync(paths.attestation.ekCaDir, { recursive: true });
  const write = (file: string, about: string, content: IniContent) => writePrivate(file, ini(about, content));
  write(paths.etc.assayConf, 'Attestation server of this lab.', attestationServer(paths, settings.ports));
  write(paths.etc.novaConf, 'Compute and metadata API of this lab.', nova({ settings, paths }, secrets));
  for (const host of settings.hosts) {
    const at = paths.host(host.name);
    mkdirSync(at.etcDir, { recursive: true, mode: 0o700 });
    write(at.assayConf, `Agent and compute-host of ${host.name}.`, assayOfHost({ settings, paths }, host, at));
    write(at.metadataAgentIni, `Metadata proxy of ${host.name}.`, metadataAgent({ settings, paths }, at, secrets));
  }
}

const attestationServer = (paths: Layout, ports: Ports): IniContent => ({
  attestation_server: {
    listen: address,
    port: ports.attestation,
    oat_port: ports.oat,
    tls_cert_file: paths.ca.certificateOf('attestation-server'),
    tls_key_file: paths.ca.keyOf('attestation-server'),
    auth_blob_file: paths.attestation.authBlob,
    read_only_auth_blob_file: paths.attestation.readOnlyAuthBlob,
    ek_ca_dir: paths.attestation.ekCaDir,
    software_tpm_ca_dir: paths.softwareTpmTrust,
    ticket_key_file: paths.attestation.ticketKey,
    attestation_period: attestationPeriodS,
    verdict_lifetime: verdictLifetimeS,
    database: `sqlite:${paths.attestation.database}`,
  },
});

const nova = ({ settings: { ports }, paths }: Lab, secrets: Secrets): IniContent => ({
  DEFAULT: {
    compute_scheduler_driver: 'nova.scheduler.filter_scheduler.FilterScheduler',
    scheduler_available_filters: [
      'nova.scheduler.filters.all_filters',
      'nova.scheduler.filters.trusted_filter.TrustedFilter',
    ],
    scheduler_default_filters: 'AvailabilityZoneFilter,RamFilter,ComputeFilter,TrustedFilter',
    enabled_ssl_apis: 'metadata',
    metadata_listen: address,
    metadata_listen_port: ports.metadata,
  },
  trusted_computing: {
    attestation_server: address,
    attestation_port: ports.attestation,
    attestation_server_ca_file: paths.ca.certificate,
    attestation_api_url: '/OpenAttestationWebServices/V1.0',
    attestation_auth_blob: secrets.authBlob,
    attestation_auth_timeout: 60,
    attestation_insecure_ssl: 'False',
  },
  neutron: { service_metadata_proxy: 'True', metadata_proxy_shared_secret: secrets.metadata },
  wsgi: {
    ssl_cert_file: paths.ca.certificateOf('metadata-api'),
    ssl_key_file: paths.ca.keyOf('metadata-api'),
    ssl_ca_file: paths.ca.certificate,
  },
  database: { connection: `sqlite:${paths.compute.database}` },
  image: { directory: paths.compute.images },
  identity: { token_key_file: paths.compute.tokenKey },
  api: {
    listen: address,
    identity_port: ports.identity,
    image_port: ports.image,
    compute_port: ports.compute,
    link_port: ports.link,
    tls_cert_file: paths.ca.certificateOf('compute-api'),
    tls_key_file: paths.ca.keyOf('compute-api'),
    tls_ca_file: paths.ca.certificate,
  },
});

const assayOfHost = ({ settings: { ports }, paths }: Lab, host: LabHost, at: HostLayout): IniContent => ({
  agent: {
    attestation_server: `https://${address}:${ports.attestation}`,
    ca_file: paths.ca.certificate,
    host: host.name,
    tpm: `swtpm:path=${at.tpmSocket}`,
    event_log: at.bootLog,
    ima_log: at.imaLog,
    state_dir: at.agentDir,
  },
  compute_host: {
    host: host.name,
    compute_api: `https://${address}:${ports.link}`,
    ca_file: paths.ca.certificate,
    cert_file: paths.ca.certificateOf(host.name),
    key_file: paths.ca.keyOf(host.name),
    attestation_server: `https://${address}:${ports.attestation}`,
    agent_state_dir: at.agentDir,
    instances_dir: at.instancesDir,
    image_cache_dir: at.imageCacheDir,
    ports_dir: at.portsDir,
    memory_mb: host.memoryMb,
    vcpus: host.vcpus,
    qemu_user: process.getuid?.() === 0 ? qemuUser : undefined,
    shutdown_timeout: shutdownTimeoutS,
  },
});

const metadataAgent = ({ settings: { ports }, paths }: Lab, at: HostLayout, secrets: Secrets): IniContent => ({
  DEFAULT: {
    nova_metadata_host: address,
    nova_metadata_port: ports.metadata,
    nova_metadata_protocol: 'https',
    nova_metadata_insecure: 'False',
    nova_client_cert: paths.ca.certificateOf(at.name),
    nova_client_priv_key: paths.ca.keyOf(at.name),
    auth_ca_cert: paths.ca.certificate,
    metadata_proxy_shared_secret: secrets.metadata,
  },
  assay: { ports_dir: at.portsDir, host: at.name },
});
