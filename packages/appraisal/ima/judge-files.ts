// Are the files that IMA measured known to be good? Each by an allow list, in which path and digest stand together, or by a signature of a
// key the policy names. Only entries the quote proves are judged, each once for an allow list and a policy.
import type { Policy } from '../policy/policy.ts';
import type { KnownGood } from '../reference/known-good.ts';
import type { Verification } from '../verify-evidence.ts';
import type { FilesState } from './files-state.ts';

export type FilesInput = {
  policy: Policy;
  knownGood: KnownGood;
  verification: Verification;
  now: Date;
};

/**
 * Whether the parts of the list that earlier rounds read are needed once more: the allow list or the policy is another, or what was judged is
 * not what this part follows on.
 * @param previous of this host in this pool
 */
export function wantsEarlierFiles(_previous: FilesState | undefined, _input: FilesInput): boolean {
  return false;
}
