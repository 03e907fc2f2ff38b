// Which options does the compute service read? nova.conf, with Nova's names where Nova has them.
import { type Conf, path, port, secret, text } from '@assay/daemon';
import { options as scheduler } from './scheduler/options.ts';

export const options = {
  ...scheduler,
  api: {
    listen: text({ help: 'Address all services of the compute API listen on.', default: '127.0.0.1' }),
    endpoint_host: text({
      help: 'Host name or address in the service catalog; without it the address in `listen`.',
      optional: true,
    }),
    identity_port: port({ help: 'HTTPS port of identity (Keystone v3); 0: a free one.', default: 5000, min: 0 }),
    image_port: port({ help: 'HTTPS port of image (Glance v2); 0: a free one.', default: 9292, min: 0 }),
    compute_port: port({ help: 'HTTPS port of compute (Nova v2.1); 0: a free one.', default: 8774, min: 0 }),
    link_port: port({ help: 'HTTPS port compute hosts connect to; 0: a free one.', default: 8780, min: 0 }),
    tls_cert_file: path({ help: 'Certificate (PEM) of these services, with its chain.' }),
    tls_key_file: path({ help: 'Its private key (PEM), not readable by others.' }),
    tls_ca_file: path({ help: 'CA certificates (PEM) that vouch for compute hosts.' }),
  },
  database: {
    connection: secret({ help: 'sqlite:PATH or postgresql://USER@HOST/NAME; a URL may hold a password.' }),
  },
  image: {
    directory: path({ help: 'Folder of the images’ data; each file is named by its SHA-256.' }),
  },
  identity: {
    token_key_file: path({ help: 'Private key (PEM, P-256) that signs tokens; made on first start, mode 0600.' }),
  },
};
export type ComputeConf = Conf<typeof options>;
