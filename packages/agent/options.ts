// What an operator may set for the agent: `[agent]` in assay.conf.
import { hostname } from 'node:os';
import { type Conf, path, type Sections, text } from '@assay/daemon';

export const options = {
  agent: {
    attestation_server: text({
      help: 'URL of the attestation server, https://NAME:PORT; the certificate it shows must carry NAME.',
    }),
    ca_file: path({ help: 'PEM file of the CA that issued the attestation server’s certificate.' }),
    host: text({
      default: hostname().toLowerCase(),
      sample: '(the name of this machine)',
      help: 'Name under which this host is registered; for Nova to find it, its hypervisor_hostname.',
    }),
    tpm: text({
      default: 'device:/dev/tpmrm0',
      help: 'The TPM: device:/dev/tpmrm0, swtpm:path=SOCKET or swtpm:host=ADDRESS,port=PORT.',
    }),
    event_log: path({
      default: '/sys/kernel/security/tpm0/binary_bios_measurements',
      help: 'The firmware’s boot event log.',
    }),
    ima_log: path({
      default: '/sys/kernel/security/ima/binary_runtime_measurements',
      help: 'The run-time list of the kernel’s IMA, in its binary form. Where the kernel keeps none the file is absent, and none is sent.',
    }),
    owner_auth_file: path({
      optional: true,
      help: 'File with the password of the TPM’s owner, which group and others may not read: to write asset tags. Absent: it is empty, as TPMs come.',
    }),
    state_dir: path({
      default: '/var/lib/assay/agent',
      help: 'Folder of the agent’s state: which attestation key it enrolled.',
    }),
  },
} satisfies Sections;

export type AgentOptions = Conf<typeof options>['agent'];
