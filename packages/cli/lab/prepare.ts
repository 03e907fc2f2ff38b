// What must lie on disk before the lab's processes start? Each step finds what an earlier start left and makes what is missing.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AssayError } from '@assay/core';
import { writeConfigs } from './config.ts';
import { type Layout, layout } from './layout.ts';
import { writeOpenrcs } from './openrc.ts';
import { hostCertificate, openCa, serverCertificate } from './pki.ts';
import { writePolicy } from './policy.ts';
import { choosePorts } from './ports.ts';
import { type Secrets, secretsOf } from './secrets.ts';
import { defaultHosts, type Lab, readSettings, writeSettings } from './settings.ts';
import { manufactureTpm } from './software-tpm.ts';
import { servers } from './units.ts';

const run = promisify(execFile);

/** The lab in this folder, new or known, with ports that are free now. */
export async function prepareSettings(state: string, autoPorts: boolean): Promise<Lab> {
  const paths = layout(state);
  const known = readSettings(paths);
  const settings = {
    version: 1 as const,
    ports: await choosePorts(known?.ports, autoPorts),
    hosts: known?.hosts ?? [...defaultHosts],
  };
  writeSettings(paths, settings);
  // Folders through which QEMU's user must pass can be passed by all and read by their owner.
  for (const dir of [paths.root, paths.hostsDir]) {
    mkdirSync(dir, { recursive: true });
    chmodSync(dir, 0o711);
  }
  for (const { name } of settings.hosts) mkdirSync(paths.host(name).dir, { recursive: true, mode: 0o711 });
  return { settings, paths };
}

/** Certificates, secrets, configuration, and what stock clients source. */
export async function prepareFiles(lab: Lab): Promise<Secrets> {
  const { settings, paths } = lab;
  const ca = await openCa(paths.ca);
  await Promise.all([
    ...servers.map((name) => serverCertificate(ca, paths.ca, name)),
    ...settings.hosts.map(({ name }) => hostCertificate(ca, paths.ca, name)),
  ]);
  const secrets = secretsOf(paths);
  writeConfigs(lab, secrets);
  writePolicy(paths);
  for (const host of settings.hosts) {
    const at = paths.host(host.name);
    for (const dir of [at.agentDir, at.portsDir, at.instancesDir]) mkdirSync(dir, { recursive: true, mode: 0o711 });
  }
  writeOpenrcs(paths, settings.ports, secrets);
  return secrets;
}

/** @returns SHA-256 of each host's EK certificate, by host */
export async function prepareTpms({ settings, paths }: Lab): Promise<Map<string, string>> {
  return new Map(
    await Promise.all(
      settings.hosts.map(async ({ name }) => [name, await manufactureTpm(paths, paths.host(name))] as const),
    ),
  );
}

/** Builds `assay-mini`; quick when nothing it is made of has changed. @throws AssayError `lab-image` */
export async function prepareImage(paths: Layout): Promise<void> {
  const script = fileURLToPath(new URL('../../../image/build', import.meta.url));
  try {
    await run(script, ['--out', paths.imageDir], { timeout: 300_000 });
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string };
    const line = stderr.trim().split('\n').at(-1);
    throw new AssayError('lab-image', 'assay-mini', 'image/build to make it', line || cause, { cause });
  }
}
