// Deleting: ended on its host first, then marked. A host that is away is told when it comes back.
import { AssayError } from '@assay/core';
import { changeInstance, finishNewestAction, instanceById } from '../storage/index.ts';
import type { Parts } from './parts.ts';

export async function remove(parts: Parts, id: string): Promise<void> {
  const { db, clock, link, times, closing, log } = parts;
  const instance = await instanceById(db, id);
  if (instance?.wanted !== 'deleted' || instance.vm_state === 'deleted') return;
  if (instance.host !== null) {
    try {
      await link.order(instance.host, { type: 'remove', instance: id }, times.remove);
    } catch (error) {
      if (closing.aborted || !(error instanceof AssayError)) throw error;
      // Away: as Nova does, it is deleted here, and there when the host registers. Refused: it stays `deleting`, for the host
      // is asked again when it registers, and an administrator sees it.
      if (error.code !== 'link-down' && error.code !== 'link-lost') {
        log.error({ err: error, instance: id, host: instance.host }, 'a host could not end an instance');
        return;
      }
    }
  }
  const now = clock.now();
  const at = now.toISOString();
  await changeInstance(
    db,
    id,
    { vm_state: 'deleted', task_state: null, power_state: 0, terminated_at: at, deleted_at: at },
    now,
    { wanted: 'deleted' },
  );
  await finishNewestAction(db, id, false, now);
}
