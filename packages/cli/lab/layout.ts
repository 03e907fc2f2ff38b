// Where does each file of the lab lie? Names only: nothing here reads or writes.
import { join, resolve } from 'node:path';

export type HostLayout = {
  name: string;
  dir: string;
  /** Manufactured state of the software TPM. */
  tpmDir: string;
  /** The TPM's data socket; its control socket is the same with `.ctrl`, where tpm2-tools look for it. */
  tpmSocket: string;
  bootLog: string;
  /** There once something was run with `assay lab run`: nothing else runs on a lab's host, and this machine's own list is another's. */
  imaLog: string;
  agentDir: string;
  instancesDir: string;
  portsDir: string;
  imageCacheDir: string;
  etcDir: string;
  assayConf: string;
  metadataAgentIni: string;
};

export type Layout = ReturnType<typeof layout>;

/** @param state the lab's folder, made absolute */
export function layout(state: string) {
  const root = resolve(state);
  const at = (...parts: string[]) => join(root, ...parts);
  const certs = at('ca', 'certs');
  return {
    root,
    settings: at('lab.json'),
    openrc: at('openrc'),
    demoOpenrc: at('demo-openrc'),
    ca: {
      dir: at('ca'),
      certs,
      certificate: at('ca', 'ca.pem'),
      key: at('ca', 'ca-key.pem'),
      certificateOf: (name: string) => join(certs, `${name}.pem`),
      keyOf: (name: string) => join(certs, `${name}-key.pem`),
    },
    etc: {
      dir: at('etc'),
      assayConf: at('etc', 'assay.conf'),
      novaConf: at('etc', 'nova.conf'),
      policy: at('etc', 'policy.yaml'),
    },
    attestation: {
      dir: at('attestation'),
      database: at('attestation', 'attestation.sqlite'),
      authBlob: at('attestation', 'auth-blob'),
      readOnlyAuthBlob: at('attestation', 'read-only-auth-blob'),
      ticketKey: at('attestation', 'ticket-key'),
      ekCaDir: at('attestation', 'ek-ca'),
    },
    compute: {
      dir: at('compute'),
      database: at('compute', 'compute.sqlite'),
      images: at('compute', 'images'),
      adminPassword: at('compute', 'admin-password'),
      demoPassword: at('compute', 'demo-password'),
      tokenKey: at('compute', 'token-key'),
    },
    metadata: { dir: at('metadata'), secret: at('metadata', 'shared-secret') },
    hostsDir: at('hosts'),
    imageDir: at('image'),
    softwareTpmCa: at('software-tpm-ca'),
    /** What `software_tpm_ca_dir` points at: the certificates of that CA and nothing else. */
    softwareTpmTrust: at('software-tpm-ca', 'trusted'),
    logDir: at('log'),
    logOf: (unit: string) => at('log', `${unit}.log`),
    runDir: at('run'),
    supervisorSocket: at('run', 'supervisor.sock'),
    lock: at('run', 'lab.lock'),
    host: (name: string): HostLayout => {
      const dir = at('hosts', name);
      return {
        name,
        dir,
        tpmDir: join(dir, 'tpm'),
        tpmSocket: join(dir, 'tpm.sock'),
        bootLog: join(dir, 'boot-log.bin'),
        imaLog: join(dir, 'ima-log.bin'),
        agentDir: join(dir, 'agent'),
        instancesDir: join(dir, 'instances'),
        portsDir: join(dir, 'ports'),
        imageCacheDir: join(dir, 'image-cache'),
        etcDir: at('etc', name),
        assayConf: at('etc', name, 'assay.conf'),
        metadataAgentIni: at('etc', name, 'metadata_agent.ini'),
      };
    },
  };
}
