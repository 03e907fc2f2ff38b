// IMA's list as far as earlier rounds read it, judged by the standards of now. A list may be long: others have their turn between its parts.
import { type FilesInput, type FilesState, judgeEarlier, lookAtSignatures, wantsEarlierFiles } from '@assay/appraisal';
import type { Pause } from '../pauses.ts';
import type { StoredImaPart } from '../storage/ima-parts.ts';

type ReadList = () => Promise<readonly StoredImaPart[]>;

/** The list is the same in each pool, and read when the first one asks for it. */
export function oneReading(read: ReadList): ReadList {
  let reading: ReturnType<ReadList> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}

/**
 * What `judge` goes on from: what the last judgement in the pool left, or where the standards are others, what judging the earlier parts comes to.
 * Where too little of them is kept, it is not what this round follows on, and `judge` says that files are unread.
 */
export async function filesUpTo(
  previous: FilesState | undefined,
  input: FilesInput,
  list: ReadList,
  pause: Pause,
): Promise<FilesState | undefined> {
  for (const _ of lookAtSignatures(input)) await pause();
  if (!wantsEarlierFiles(previous, input)) return previous;
  const steps = judgeEarlier(input, await list());
  let step = steps.next();
  for (; !step.done; step = steps.next()) await pause();
  return step.value ?? previous;
}
