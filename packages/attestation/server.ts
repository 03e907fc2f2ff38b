// The attestation server, put together: what asks, what remembers, what tells.
import { KnownLogs } from '@assay/appraisal';
import { type Clock, type Log, systemClock } from '@assay/daemon';
import { createHttpsServer, listen, listenAlso, renderPlain } from '@assay/daemon/https';
import { openDatabase } from '@assay/daemon/storage';
import { KnownImaLines } from '@assay/measurement';
import { openSecrets } from './auth-blob.ts';
import { startChanges } from './changes/start.ts';
import { trustFolders } from './enrolment/trust-folders.ts';
import { isOat, renderOat } from './oat/errors.ts';
import { oatRoutes } from './oat/routes.ts';
import { type AttestationOptions, checkOptions } from './options.ts';
import { createRegistrations } from './registry/registrations.ts';
import { createRegistry, type Registry } from './registry/registry.ts';
import { guardRoutes } from './rest/access.ts';
import { resources } from './rest/catalogue.ts';
import { createHistoryKeeper } from './rounds/history-keeper.ts';
import { recoverRounds } from './rounds/recover.ts';
import { openSession } from './rounds/session.ts';
import { createSwitchboard } from './rounds/switchboard.ts';
import { createTogether } from './rounds/together.ts';
import { openAgentDoor } from './rounds/upgrade.ts';
import { standardsReader } from './standards/standards.ts';
import { migrations } from './storage/migrations/catalogue.ts';
import type { Schema } from './storage/schema.ts';
import { ticketKey } from './tickets/key.ts';

export type AttestationServer = {
  readonly port: number;
  /** The second one; undefined: there is none. */
  readonly oatPort: number | undefined;
  readonly registry: Registry;
  /** What is done once a minute: looking for fallen hosts, ending the windows of updates. */
  keepHouse(): Promise<void>;
  close(): Promise<void>;
};

const mostConnections = 20_000;
/** IMA entries that hosts have in common are checked once: room for some hundred thousand of them. */
const knownImaBytes = 64 * 1024 * 1024;
/** Boot logs whose reading is remembered: some hundred. A log that is not is read again, from the database. */
const knownLogBytes = 8 * 1024 * 1024;

/**
 * @param options `[attestation_server]` as `loadConfig` gives it
 * @param onStop given what `close` does, for a process that ends by a signal
 * @throws AssayError for whatever keeps it from starting, naming the option; nothing is left running then
 */
export async function startAttestationServer(
  options: AttestationOptions,
  { log, clock = systemClock, onStop }: { log: Log; clock?: Clock; onStop?: (stop: () => Promise<void>) => void },
): Promise<AttestationServer> {
  checkOptions(options);
  const rightOf = openSecrets(options, { clock, log });
  const trust = trustFolders(options, { clock, log });
  const key = await ticketKey(options.ticket_key_file);
  const server = createHttpsServer({
    certFile: options.tls_cert_file,
    keyFile: options.tls_key_file,
    keyOption: '[attestation_server] tls_key_file',
    clientCertificate: 'none',
    log,
    limits: { connections: mostConnections },
    renderError: (failure, reply) =>
      reply && isOat(reply.request.url) ? renderOat(failure) : renderPlain(failure, reply),
  });
  const db = await openDatabase<Schema>(options.database, migrations);
  try {
    const standards = standardsReader(options.verdict_lifetime);
    await recoverRounds({ db, clock, log, standards, lifetimeS: options.verdict_lifetime });
    const registry = createRegistry({ clock, log });
    await registry.load(db);
    registry.onChange(({ host, pool, before, after }) => {
      if (before?.trust !== after?.trust)
        log.info({ host, pool, before: before?.trust, after: after?.trust }, after?.reason ?? 'removed');
    });
    const switchboard = createSwitchboard(clock);
    const base = {
      db,
      clock,
      log,
      standards,
      lifetimeS: options.verdict_lifetime,
      registry,
      registrations: createRegistrations({ db, clock, registry, switchboard }),
      switchboard,
      together: createTogether(db),
      trustStore: trust.present,
      heldStore: trust.held,
      knownImaLines: new KnownImaLines(knownImaBytes),
      knownLogs: new KnownLogs(knownLogBytes),
      ticketKey: key,
      periodMs: options.attestation_period * 1000,
      challengeTimeoutMs: options.challenge_timeout * 1000,
    };
    const changes = await startChanges(base, options);
    const history = createHistoryKeeper(base, options.history_days);
    const needs = { ...base, ...changes, history };
    guardRoutes(server, rightOf);
    oatRoutes(server, needs);
    for (const addRoutes of resources) addRoutes(server, needs);
    const door = openAgentDoor(server, { log, most: mostConnections }, (line) => openSession(needs, line));
    const { port, close } = await listen(server, { host: options.listen, port: options.port });
    let also: Awaited<ReturnType<typeof listenAlso>> | undefined;
    const stop = async () => {
      const secondClosed = also?.close();
      await door.close();
      await close();
      await secondClosed;
      await changes.close();
      await history.close();
      await db.destroy();
    };
    // The same number twice is one port: who wants all of it on 8181 says so with `port` alone.
    if (options.oat_port !== 0 && options.oat_port !== port)
      also = await listenAlso(server, {
        host: options.listen,
        port: options.oat_port,
        option: '[attestation_server] oat_port',
      }).catch(async (error) => {
        await stop();
        throw error;
      });
    log.info({ listen: options.listen, port, oatPort: also?.port }, 'attestation server ready');
    onStop?.(stop);
    return { port, oatPort: also?.port, registry, keepHouse: changes.housekeeping.run, close: stop };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
