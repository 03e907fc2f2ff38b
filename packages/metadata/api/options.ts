// Which options of nova.conf does the metadata API read? Nova's names; what Nova would only warn about stops it here.
import { AssayError } from '@assay/core';
import { type Conf, flag, list, path, port, secret, text } from '@assay/daemon';
import { checkSecret } from '../secret.ts';

export const options = {
  DEFAULT: {
    enabled_ssl_apis: list({ help: 'Must hold metadata: without TLS Assay does not serve it.', default: [] }),
    metadata_listen: text({ help: 'Address the metadata API listens on.', default: '0.0.0.0' }),
    metadata_listen_port: port({ help: 'Its port.', default: 8775, min: 0 }),
  },
  wsgi: {
    ssl_cert_file: path({ help: 'The server’s certificate (PEM).' }),
    ssl_key_file: path({ help: 'Its private key (PEM), readable by nobody else.' }),
    ssl_ca_file: path({
      help: 'CA certificates (PEM) of the hosts: a client without a certificate by them is refused.',
    }),
  },
  neutron: {
    service_metadata_proxy: flag({
      help: 'Must be True: instances are known by what the proxies on the hosts say, never by their address.',
      default: false,
    }),
    metadata_proxy_shared_secret: secret({ help: 'What the proxies sign instance ids with; at least 16 characters.' }),
  },
  api: {
    dhcp_domain: text({ help: 'Appended to the host names of instances; empty for nothing.', default: 'novalocal' }),
    vendordata_jsonfile_path: path({ help: 'JSON served as vendor_data.json to every instance.', optional: true }),
  },
  database: {
    connection: secret({ help: 'The compute service’s database: sqlite:PATH or postgresql://…; only read.' }),
  },
};
export type MetadataApiConf = Conf<typeof options>;

/** What the options must say together. @throws AssayError `config-value` */
export function checkOptions({ DEFAULT, neutron }: MetadataApiConf): void {
  if (!DEFAULT.enabled_ssl_apis.includes('metadata'))
    throw new AssayError(
      'config-value',
      'nova.conf [DEFAULT] enabled_ssl_apis',
      'a list with metadata in it',
      DEFAULT.enabled_ssl_apis.join(', '),
      { hint: 'instances’ secrets are not served in clear' },
    );
  if (!neutron.service_metadata_proxy)
    throw new AssayError('config-value', 'nova.conf [neutron] service_metadata_proxy', 'True', 'False', {
      hint: 'only a proxy on the instance’s host can tell who asks',
    });
  checkSecret('nova.conf [neutron] metadata_proxy_shared_secret', neutron.metadata_proxy_shared_secret);
}
