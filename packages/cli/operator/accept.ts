// What of this host becomes known good when its difference is accepted? Exactly what was shown: the server refuses when the host has shown something else since.
import { AssayError } from '@assay/core';
import type { AcceptRequest, Change, LearnResult } from '@assay/protocol';
import { addition } from './add-values.ts';
import { type ChangeOptions, perform } from './change.ts';
import type { openSession } from './session.ts';

type Session = Pick<ReturnType<typeof openSession>, 'hosts' | 'terminal'>;

/** @throws AssayError what the server says: `accept-because-missing`, `accept-stale`, … */
export async function acceptFrom(
  { hosts, terminal }: Session,
  host: string,
  wanted: Pick<AcceptRequest, 'component' | 'path' | 'pool'>,
  options: ChangeOptions,
): Promise<void> {
  if (!options.because && !options.dryRun)
    throw new AssayError('accept-because-missing', '--because', 'why this is good', 'no reason', {
      hint: 'it is kept in the history, for whoever asks later',
    });
  let shown: string[] | undefined;
  const send = async (change: Change): Promise<LearnResult> => {
    const pinned = change.dry_run || !shown ? {} : { values: shown };
    const { known = [], ...result } = await hosts.accept(host, { ...wanted, ...pinned, ...change });
    shown ??= [...result.added, ...known].map(({ id }) => id);
    return { ...result, known };
  };
  const asks = 'take this into known good?';
  await perform({ ...addition(send, options), asks }, options, terminal);
}
