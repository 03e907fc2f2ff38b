// What an operator may set for a compute host: `[compute_host]` in assay.conf.
import { availableParallelism, hostname, totalmem } from 'node:os';
import { type Conf, integer, oneOf, path, text } from '@assay/daemon';

export const options = {
  compute_host: {
    host: text({
      default: hostname().toLowerCase(),
      sample: '(the name of this machine)',
      help: 'Name of this host, as its certificate and its agent give it.',
    }),
    compute_api: text({ help: 'URL of the compute API’s link, https://NAME:PORT.' }),
    ca_file: path({ help: 'CA certificates (PEM) that vouch for the compute API.' }),
    cert_file: path({ help: 'This host’s certificate (PEM): its one DNS name is the host’s.' }),
    key_file: path({ help: 'Its private key (PEM), readable by nobody else.' }),
    attestation_server: text({
      help: 'URL of the attestation server whose tickets are accepted, https://NAME:PORT; without it trusted instances are refused.',
      optional: true,
    }),
    attestation_server_ca_file: path({
      help: 'CA certificates (PEM) that vouch for the attestation server; without it those in ca_file.',
      optional: true,
    }),
    agent_state_dir: path({
      default: '/var/lib/assay/agent',
      help: 'Where this host’s agent says which attestation key it enrolled ([agent] state_dir).',
    }),
    instances_dir: path({ default: '/var/lib/assay/instances', help: 'Folder of the instances on this host.' }),
    image_cache_dir: path({ default: '/var/lib/assay/images', help: 'Folder of kernels and ramdisks fetched before.' }),
    image_cache_mb: integer({ default: 4096, min: 0, help: 'So much is kept there of what no instance uses.' }),
    ports_dir: path({
      default: '/run/assay/ports',
      help: 'Where the metadata proxy reads which guest has which socket.',
    }),
    zone: text({ default: 'nova', help: 'Availability zone of this host.' }),
    memory_mb: integer({
      default: Math.floor(totalmem() / 2 ** 20),
      sample: '(the memory of this machine)',
      min: 1,
      help: 'Memory for instances, in MB.',
    }),
    vcpus: integer({
      default: availableParallelism(),
      sample: '(the processors of this machine)',
      min: 1,
      help: 'Processors for instances.',
    }),
    qemu: text({ default: 'qemu-system-x86_64', help: 'Program that runs an instance.' }),
    qemu_user: text({
      help: 'User QEMU runs as when compute-host runs as root; never root. One that may use /dev/kvm is in its group.',
      optional: true,
    }),
    accel: oneOf(['auto', 'kvm', 'tcg'], {
      default: 'auto',
      help: 'kvm, tcg (no hardware needed, slow), or auto: kvm where a guest has been seen to run with it.',
    }),
    shutdown_timeout: integer({
      default: 60,
      min: 0,
      max: 80,
      help: 'Seconds a guest has to power off when it is asked to; then it is ended.',
    }),
  },
};
export type ComputeHostConf = Conf<typeof options>;
