// What serves the guests of one thread, put together: doors, what is behind them, and the connections to the metadata API.
import type { Log } from '@assay/daemon';
import { RateLimit } from '../rate-limit.ts';
import { createDesk } from './desk.ts';
import { createDoors, type Doors } from './doors.ts';
import type { ProxySettings } from './options.ts';
import { watchCertificates } from './reload.ts';
import { sessionTokens } from './session-token.ts';
import { createUpstream } from './upstream.ts';

export function createCarrier(settings: ProxySettings, log: Log): Doors {
  const upstream = createUpstream(settings);
  const certificates = watchCertificates(settings, upstream.renew, log);
  const desk = createDesk({
    upstream,
    tokens: sessionTokens(settings.secret),
    rate: new RateLimit(settings.rateWindows),
    log,
  });
  const doors = createDoors(desk.door, { log, backlog: settings.backlog });
  return {
    set: doors.set,
    settled: doors.settled,
    async close() {
      certificates.close();
      await doors.close();
      desk.close();
      upstream.close();
    },
  };
}
