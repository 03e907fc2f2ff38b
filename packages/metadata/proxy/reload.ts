// Is the certificate we show still the one in the files? What is renewed there is used from then on; what is wrong there is told,
// and the former one stays until it is right.
import { X509Certificate } from 'node:crypto';
import { type Log, watchFiles } from '@assay/daemon';
import type { ProxySettings } from './options.ts';

/** @param renewed given what is in the files now, after each change that is fit for use */
export function watchCertificates(
  settings: Pick<ProxySettings, 'readTls' | 'tlsFiles'>,
  renewed: (tls: ProxySettings['tls']) => void,
  log: Log,
): { close(): void } {
  return watchFiles(settings.tlsFiles, () => {
    try {
      const tls = settings.readTls(new Date());
      renewed(tls);
      log.info({ until: new X509Certificate(tls.cert).validTo }, 'certificates read again');
    } catch (error) {
      log.error({ err: error }, 'certificates that changed cannot be used; the former ones are kept');
    }
  });
}
