// What does this lab consist of? Kept in lab.json, so that every later command and the next start find the same lab.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { AssayError } from '@assay/core';
import { type Layout, layout } from './layout.ts';
import { defaultPorts, type Ports, portNames } from './ports.ts';
import { writePublic } from './private-file.ts';
import { checkStateFolder } from './requirements.ts';

export type LabHost = {
  name: string;
  /** `modified-hypervisor`: its boot log has another kernel, so it must come out untrusted. */
  boot: 'golden' | 'modified-hypervisor';
  /** What it boots in place of the recorded kernel: SHA-256 as firmware measures it, hex, and where it came from. */
  kernel?: { file: string; sha256: string };
  /** In place of the recorded one. */
  commandLine?: string;
  memoryMb: number;
  vcpus: number;
};

export type Settings = {
  version: 1;
  ports: Ports;
  hosts: LabHost[];
};

/** Three hosts of 1 GiB, so that "no trusted host has room" takes a few instances. */
export const defaultHosts: readonly LabHost[] = [
  { name: 'node1', boot: 'golden', memoryMb: 1024, vcpus: 2 },
  { name: 'node2', boot: 'golden', memoryMb: 1024, vcpus: 2 },
  { name: 'node3', boot: 'modified-hypervisor', memoryMb: 1024, vcpus: 2 },
];

/** Nothing when there is no lab here. @throws AssayError `lab-settings` */
export function readSettings(paths: Layout): Settings | undefined {
  if (!existsSync(paths.settings)) return undefined;
  const bad = (got: unknown, cause?: unknown) =>
    new AssayError('lab-settings', paths.settings, 'the settings assay up wrote', got, {
      cause,
      hint: `move ${paths.root} away: assay up makes a new lab`,
    });
  let found: Settings;
  try {
    found = JSON.parse(readFileSync(paths.settings, 'utf8')) as Settings;
  } catch (cause) {
    throw bad(cause, cause);
  }
  if (found?.ports) found.ports = { ...defaultPorts, ...found.ports }; // a lab of before lacks ports that came later
  const whole =
    found?.version === 1 &&
    portNames.every((name) => Number.isInteger(found.ports?.[name])) &&
    Array.isArray(found.hosts) &&
    found.hosts.every(
      (host) =>
        /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(host?.name) && // they become folders
        (host.kernel === undefined || /^[0-9a-f]{64}$/.test(host.kernel?.sha256)) &&
        (host.commandLine === undefined || typeof host.commandLine === 'string'),
    );
  if (!whole) throw bad(found);
  return found;
}

export function writeSettings(paths: Layout, settings: Settings): void {
  mkdirSync(paths.root, { recursive: true });
  writePublic(paths.settings, `${JSON.stringify(settings, null, 2)}\n`);
}

export type Lab = { settings: Settings; paths: Layout };

/** The lab in this folder. @throws AssayError `lab-none` when there is none, `lab-state` when it is not this user's */
export function openLab(state: string): Lab {
  const paths = layout(state);
  const settings = readSettings(paths);
  if (settings) {
    // What stands in it is obeyed, above all which processes are the lab's to end: nobody else may have written it.
    checkStateFolder(paths.root);
    return { settings, paths };
  }
  throw new AssayError('lab-none', paths.root, 'the state of a lab', 'none', { hint: 'run: assay up' });
}

/** @throws AssayError `lab-host` */
export function hostOf(hosts: readonly LabHost[], name: string): LabHost {
  const found = hosts.find((host) => host.name === name);
  if (found) return found;
  throw new AssayError('lab-host', 'host', hosts.map((host) => host.name).join(', '), name);
}
