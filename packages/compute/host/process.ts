// How is a guest's process told apart from others, written down and ended?
import { type ProcessId as Process, signalProcess } from '@assay/daemon';
import { Type } from 'typebox';

/** As it stands in an instance's record. */
export const ProcessId = Type.Object({
  pid: Type.Integer({ minimum: 2 }),
  start_time: Type.String({ pattern: '^[0-9]+$' }),
  boot_id: Type.String(),
});
export type ProcessId = Process;

/** Ends it without asking; nothing happens when it has ended already. */
export const kill = (process_: ProcessId, bootId: string): void => signalProcess(process_, 'SIGKILL', bootId);
