import type { ImaPart } from '@assay/measurement';
import type { FilesState } from '../ima/files-state.ts';
import { type FilesInput, judgeEarlier } from '../ima/judge-files.ts';

/** Without a stop between the parts. */
export function judgedEarlier(input: FilesInput, earlier: readonly ImaPart[]): FilesState | undefined {
  const steps = judgeEarlier(input, earlier);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
