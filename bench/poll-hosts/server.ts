// What is measured: an attestation server with the verdicts of a large fleet, and beside it a bare HTTPS server that reads as much and sends as much.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { startTestServer } from '@assay/attestation/testing';
import { systemClock } from '@assay/daemon';
import { testPki } from '@assay/daemon/testing';
import { components, defaultPool, type Trust } from '@assay/protocol';

export type Started = { url: string; bareUrl: string; blob: string; ca: string };

const ends: (() => unknown)[] = [];
const life = { after: (end: () => unknown) => void ends.push(end) } as unknown as TestContext;
const { url, blob, ca, server } = await startTestServer(life);
const { registry } = server;
const lifetimeMs = 3_600_000;
for (let at = 0; at < Number(process.argv[2]); at++) {
  const host = `compute-${String(at).padStart(5, '0')}.rack${at % 40}.example`;
  const trust: Trust = at % 50 === 0 ? 'untrusted' : 'trusted';
  const reason = trust === 'trusted' ? 'all components are known good' : 'firmware: PCR 0 has a value nobody knows';
  const now = systemClock.now();
  registry.add(host);
  registry.accept({
    ...{
      host,
      round: 1,
      revision: Number.MAX_SAFE_INTEGER,
      uptimeMs: systemClock.uptimeMs(),
      bootId: systemClock.bootId,
    },
    verdicts: [
      {
        ...{ host, pool: defaultPool, trust, reason, findings: [], software_tpm: false },
        components: components.map((component) => ({ component, trust, reason })),
        verified_at: now.toISOString(),
        expires_at: new Date(now.getTime() + lifetimeMs).toISOString(),
      },
    ],
  });
}

const pki = testPki();
const bare = createServer(pki.server(), (request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const { answer } = request.headers;
    JSON.parse(Buffer.concat(parts).toString());
    response.writeHead(200, { 'content-type': 'application/json' }).end('x'.repeat(Number(answer)));
  });
});
bare.listen(0, '127.0.0.1', () => {
  const bareUrl = `https://127.0.0.1:${(bare.address() as AddressInfo).port}`;
  process.send?.({ url, bareUrl, blob, ca: ca + pki.ca } satisfies Started);
});
process.on('message', () => {
  bare.closeAllConnections();
  bare.close();
  process.disconnect?.();
  void Promise.all(ends.map((end) => end()));
});
