// Which of these hosts takes the instance? One transaction counts what is promised and promises more only where there is room:
// however many boots run side by side, no memory is given twice, and none is refused while there is some.
import { AssayError } from '@assay/core';
import type { Kysely } from 'kysely';
import { freeMemoryMb } from '../scheduler/filters/ram.ts';
import { type HostState, weigh } from '../scheduler/index.ts';
import { changeInstance, type Instance, type Tables, usageByHost } from '../storage/index.ts';

/** `full`: all were taken since they passed; `gone`: the instance is not to be built any more. */
export type Claim = HostState | 'full' | 'gone';

/** @param passing hosts that passed the filters; what they have free is counted anew */
export async function claim(
  db: Kysely<Tables>,
  instance: Pick<Instance, 'id' | 'memory_mb'>,
  passing: readonly HostState[],
  ramAllocationRatio: number,
  now: Date,
): Promise<Claim> {
  for (let tries = 0; ; tries++) {
    try {
      return await db.transaction().execute(async (trx): Promise<Claim> => {
        const usage = await usageByHost(trx);
        const hosts = passing.map((host) => ({ ...host, memoryMbUsed: usage.get(host.host)?.memory_mb ?? 0 }));
        const best = weigh(hosts, ramAllocationRatio).find(
          (host) => instance.memory_mb <= freeMemoryMb(host, ramAllocationRatio),
        );
        if (!best) return 'full';
        const change = { host: best.host, availability_zone: best.zone };
        const expected = { host: null, vm_state: 'building', wanted: 'active' } as const;
        return (await changeInstance(trx, instance.id, change, now, expected)) ? best : 'gone';
      });
    } catch (error) {
      // On PostgreSQL two claims at once cannot both be serialized: the loser counts again.
      if (!(error instanceof AssayError && error.code === 'storage-busy') || tries >= 20) throw error;
    }
  }
}
