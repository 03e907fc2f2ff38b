// The hosts' side of fresh evidence: agents with TPMs that take 0.1 to 1 s for a quote, in a process of their own.
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as pass } from 'node:timers/promises';
import { makeCa, softwareTpm } from '@assay/appraisal/testing';
import { startSlowHost } from '@assay/attestation/testing';

export type Order = { url: string; ca: string; hosts: string[] };

const ca = makeCa('Slow TPMs');
process.send?.(ca.pem);
const [order] = (await once(process, 'message')) as [Order];
const life = { after: () => undefined } as unknown as TestContext;
let hanging: string | undefined;
for (const [at, name] of order.hosts.entries()) {
  const quoteMs = 100 + (900 * at) / (order.hosts.length - 1);
  const tpm = softwareTpm({ ca, freshEk: true });
  await startSlowHost(life, order, {
    name,
    tpm,
    quote: async () => {
      if (name === hanging) await new Promise(() => undefined);
      await pass(quoteMs);
    },
  });
}
process.send?.('ready');
process.on('message', (message) => {
  if (message === 'end') process.exit();
  hanging = order.hosts.at(-2);
});
