// Who is called when the brake holds something? Whoever answers at `alarm_url`: a JSON document is posted there, a few times if need be. Nothing ever
// waits for it.
import { setTimeout } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { httpsRequest, type Log, readCa } from '@assay/daemon';

export type Alert = {
  /** `brake-engaged`, `brake-released`, `retirement-held` */
  readonly event: string;
  readonly text: string;
  readonly at: string;
  readonly hosts: readonly string[];
};

export type Alarm = {
  raise(alert: Alert): void;
  /** Gives up what is under way. */
  close(): Promise<void>;
};

const retriesMs = [1_000, 5_000, 30_000, 120_000];
const timeoutMs = 10_000;
const mostHosts = 100;

/**
 * @param url absent: an alert is a line of the log
 * @throws AssayError `config-value` for a URL that is none of https; `tls-file` for a CA file that is none
 */
export function createAlarm(
  { url, caFile }: { url: string | undefined; caFile: string | undefined },
  log: Log,
  waitsMs: readonly number[] = retriesMs,
): Alarm {
  if (url !== undefined) checkUrl(url);
  const ca = caFile === undefined ? undefined : readCa(caFile);
  const ended = new AbortController();
  const underWay = new Set<Promise<void>>();

  async function post(url: string, alert: Alert): Promise<void> {
    for (const waitMs of [...waitsMs, undefined]) {
      try {
        const body = { ...alert, hosts: alert.hosts.slice(0, mostHosts), host_count: alert.hosts.length };
        const { status } = await httpsRequest({
          ...{ url, method: 'POST', body, timeoutMs, signal: ended.signal },
          ...(ca && { ca }),
        });
        if (status >= 200 && status < 300) return;
        log.warn({ status, event: alert.event }, 'alarm_url did not take the alert');
      } catch (err) {
        if (ended.signal.aborted) return;
        log.warn({ err, event: alert.event }, 'alarm_url cannot be reached');
      }
      if (waitMs === undefined) break;
      await setTimeout(waitMs, undefined, { ref: false, signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted) return;
    }
    log.error({ event: alert.event, text: alert.text }, 'nobody could be called: alarm_url never took the alert');
  }

  return {
    raise(alert) {
      log.error({ event: alert.event, hosts: alert.hosts.slice(0, mostHosts) }, alert.text);
      if (url === undefined) return;
      const mine = post(url, alert).finally(() => underWay.delete(mine));
      underWay.add(mine);
    },
    async close() {
      ended.abort();
      await Promise.all(underWay);
    },
  };
}

function checkUrl(url: string): void {
  if (URL.canParse(url) && new URL(url).protocol === 'https:') return;
  throw new AssayError('config-value', '[attestation_server] alarm_url', 'an https:// address', url);
}
