// The metadata proxy, put together: on each host, between its guests and the metadata API.
import type { Log } from '@assay/daemon';
import { createCarrier } from './carrier.ts';
import { type MetadataProxyConf, proxySettings } from './options.ts';
import { watchPorts } from './ports.ts';
import { createWorkers } from './workers.ts';

export type MetadataProxy = { close(): Promise<void> };

/**
 * Resolves when every guest that is there has its door.
 * @param onStop given what `close` does, for a process that ends by a signal
 * @throws AssayError for whatever keeps it from starting, naming the option; nothing is left running then
 */
export async function startMetadataProxy(
  conf: MetadataProxyConf,
  { log, onStop }: { log: Log; onStop?: (stop: () => Promise<void>) => void },
): Promise<MetadataProxy> {
  const settings = proxySettings(conf);
  for (const warning of settings.warnings) log.warn(warning);
  const doors = settings.workers > 0 ? createWorkers(settings.workers, conf, log) : createCarrier(settings, log);
  const ports = watchPorts(settings.portsDir, doors.set, { log });
  const close = async () => {
    ports.close();
    await doors.close();
  };
  onStop?.(close);
  await doors.settled();
  log.info(
    { host: settings.host, upstream: settings.origin, ports: settings.portsDir, workers: settings.workers },
    'metadata proxy serves guests',
  );
  return { close };
}
