// The metadata proxy, put together: on each host, between its guests and the metadata API.
import type { Log } from '@assay/daemon';
import { RateLimit } from '../rate-limit.ts';
import { createDesk } from './desk.ts';
import { createDoors } from './doors.ts';
import { type MetadataProxyConf, proxySettings } from './options.ts';
import { watchPorts } from './ports.ts';
import { watchCertificates } from './reload.ts';
import { sessionTokens } from './session-token.ts';
import { createUpstream } from './upstream.ts';

export type MetadataProxy = { close(): Promise<void> };

/**
 * Resolves when every guest that is there has its socket.
 * @param onStop given what `close` does, for a process that ends by a signal
 * @throws AssayError for whatever keeps it from starting, naming the option; nothing is left running then
 */
export async function startMetadataProxy(
  conf: MetadataProxyConf,
  { log, onStop }: { log: Log; onStop?: (stop: () => Promise<void>) => void },
): Promise<MetadataProxy> {
  const settings = proxySettings(conf);
  for (const warning of settings.warnings) log.warn(warning);
  const upstream = createUpstream(settings);
  const certificates = watchCertificates(settings, upstream.renew, log);
  const desk = createDesk({
    upstream,
    tokens: sessionTokens(settings.secret),
    rate: new RateLimit(settings.rateWindows),
    log,
  });
  const doors = createDoors(desk.door, { log, backlog: settings.backlog });
  const ports = watchPorts(settings.portsDir, doors.set, { log });
  const close = async () => {
    ports.close();
    certificates.close();
    await doors.close();
    desk.close();
    upstream.close();
  };
  onStop?.(close);
  await doors.settled();
  log.info(
    { host: settings.host, upstream: settings.origin, ports: settings.portsDir },
    'metadata proxy serves guests',
  );
  return { close };
}
