// The compute host, put together: runs instances as the compute API orders, and takes them over again after it was killed.
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { promisify } from 'node:util';
import { AssayError } from '@assay/core';
import { type Clock, hostOf, type Log, readCa, readTlsFiles, systemClock } from '@assay/daemon';
import { type Caller, callLink } from '../link/caller.ts';
import type { Register } from '../link/frames.ts';
import { ticketCheck } from '../link/ticket.ts';
import { accelerator, kvmWorks } from './accelerator.ts';
import { bootFiles } from './boot-files.ts';
import { openInstances } from './instances.ts';
import { takeFolder } from './lock.ts';
import type { ComputeHostConf } from './options.ts';
import { permissionOf } from './permission.ts';
import { qemuUser } from './qemu-user.ts';

export type ComputeHost = {
  connected(): boolean;
  /** Ends this service; guests run on. */
  close(): Promise<void>;
};

/**
 * Returns when instances that run are known again; the connection to the compute API comes and goes by itself.
 * @param onStop given what `close` does, for a process that ends by a signal
 * @throws AssayError for whatever keeps it from starting, naming the option
 */
export async function startComputeHost(
  conf: ComputeHostConf,
  { log, onStop, clock = systemClock }: { log: Log; onStop?: (stop: () => Promise<void>) => void; clock?: Clock },
): Promise<ComputeHost> {
  const settings = conf.compute_host;
  const { host, instances_dir: instancesDir } = settings;
  const tls = {
    ...readTlsFiles({
      certFile: settings.cert_file,
      keyFile: settings.key_file,
      keyOption: '[compute_host] key_file',
    }),
    ca: readCa(settings.ca_file),
  };
  const named = hostOf(new X509Certificate(tls.cert).raw, settings.cert_file);
  if (named !== host) throw wrong('cert_file', `a certificate of ${host}, as host says`, named);
  const url = httpsUrl('compute_api', settings.compute_api);
  const user = qemuUser(settings.qemu_user);
  const version = await versionOf(settings.qemu);
  for (const dir of [instancesDir, settings.ports_dir]) mkdirSync(dir, { recursive: true, mode: 0o711 });
  chmodSync(instancesDir, 0o711);
  const giveBack = takeFolder(instancesDir, clock.bootId);

  const trial = async () => existsSync('/dev/kvm') && (await kvmWorks(settings.qemu, user));
  let caller: Caller | undefined;
  const instances = await openInstances({
    instancesDir,
    portsDir: settings.ports_dir,
    qemu: settings.qemu,
    user,
    accelerator: accelerator(settings.accel, trial, log),
    files: bootFiles({ url, ...tls }, settings.image_cache_dir, settings.image_cache_mb * 2 ** 20),
    permission: permissionOf(tickets(settings, clock), { host, agentStateDir: settings.agent_state_dir, clock }),
    shutdownTimeoutMs: settings.shutdown_timeout * 1000,
    clock,
    log,
    changed: (status) => caller?.status(status),
  });
  const report = (): Omit<Register, 'type'> => ({
    hypervisor_hostname: host,
    zone: settings.zone,
    vcpus: settings.vcpus,
    memory_mb: settings.memory_mb,
    local_gb: gigabytes(instancesDir),
    hypervisor_version: version,
    stopping: false,
    instances: instances.report(),
  });
  const link = callLink({ url, ...tls, log, report, carryOut: instances.carryOut });
  caller = link;
  const close = async () => {
    link.close();
    await instances.close();
    giveBack();
  };
  onStop?.(close);
  log.info({ host, api: url, instances: instances.report().length }, 'compute host serves');
  return { connected: () => link.connected(), close };
}

type Settings = ComputeHostConf['compute_host'];

const wrong = (option: string, expected: string, got: unknown) =>
  new AssayError('config-value', `[compute_host] ${option}`, expected, got);

function httpsUrl(option: string, text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === 'https:' && url.pathname === '/' && !url.username) return url.origin;
  throw wrong(option, 'https://NAME:PORT', text);
}

function tickets(settings: Settings, clock: Clock) {
  if (settings.attestation_server === undefined) return undefined;
  const ca = readCa(settings.attestation_server_ca_file ?? settings.ca_file);
  return ticketCheck({ origin: httpsUrl('attestation_server', settings.attestation_server), ca }, clock);
}

/** As Nova counts: 7.2.22 is 7002022. */
async function versionOf(qemu: string): Promise<number> {
  const { stdout } = await promisify(execFile)(qemu, ['--version'], { timeout: 10_000 }).catch((cause: unknown) => {
    throw wrong('qemu', 'a QEMU that runs', cause);
  });
  const [, major, minor, micro = '0'] = stdout.match(/version (\d+)\.(\d+)(?:\.(\d+))?/) ?? [];
  if (major === undefined || minor === undefined) throw wrong('qemu', 'a QEMU that says its version', stdout);
  return Number(major) * 1_000_000 + Number(minor) * 1_000 + Number(micro);
}

function gigabytes(dir: string): number {
  const { blocks, bsize } = statfsSync(dir);
  return Math.floor((blocks * bsize) / 2 ** 30);
}
