// Which processes make up the lab, and what does each need? The order of starting and ending follows from it.
import { bootHost, powerOff } from './boot.ts';
import { endInstances } from './instances.ts';
import { connects } from './readiness.ts';
import { self, unitEnvironment } from './self.ts';
import { hostOf, type Lab, openLab } from './settings.ts';
import { madeAt, swtpmCommand } from './software-tpm.ts';
import type { UnitPlan } from './supervisor/unit.ts';

export const servers = ['attestation-server', 'compute-api', 'metadata-api'] as const;
export const tpmOf = (host: string) => `${host}-tpm`;
export const servicesOf = (host: string) => [`${host}-agent`, `${host}-compute-host`, `${host}-metadata-proxy`];

export function unitPlans({ settings, paths }: Lab): UnitPlan[] {
  const env = unitEnvironment();
  const assay = (name: string, command: string, file: string, more: Partial<UnitPlan> = {}): UnitPlan => ({
    name,
    command: [...self, command, '--config-file', file],
    cwd: paths.root,
    env,
    ready: 'told',
    ...more,
  });
  return [
    assay('attestation-server', 'attestation-server', paths.etc.assayConf),
    assay('compute-api', 'compute-api', paths.etc.novaConf),
    assay('metadata-api', 'metadata-api', paths.etc.novaConf),
    ...settings.hosts.flatMap(({ name }): UnitPlan[] => {
      const host = paths.host(name);
      const tpm = tpmOf(name);
      return [
        {
          name: tpm,
          command: swtpmCommand(host),
          cwd: host.dir,
          env,
          ready: connects(host.tpmSocket),
          // What it is set to boot now, which may have changed since the supervisor began.
          afterStart: () => bootHost(hostOf(openLab(paths.root).settings.hosts, name), host, madeAt(host)),
          beforeStop: () => powerOff(host.tpmSocket),
          // Without its TPM the host is down, and so are its instances.
          whenDown: () => endInstances(paths, name),
        },
        assay(`${name}-agent`, 'agent', host.assayConf, { partOf: tpm, after: ['attestation-server'] }),
        assay(`${name}-compute-host`, 'compute-host', host.assayConf, { partOf: tpm, after: ['compute-api'] }),
        assay(`${name}-metadata-proxy`, 'metadata-proxy', host.metadataAgentIni, {
          partOf: tpm,
          after: ['metadata-api'],
        }),
      ];
    }),
  ];
}
