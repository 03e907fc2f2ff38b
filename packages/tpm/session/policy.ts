// A policy session in which the policy of an endorsement key is satisfied: PolicySecret with the endorsement hierarchy
// (EK Credential Profile, Annex B, policy A).
import { randomBytes } from 'node:crypto';
import type { Authorization } from '../commands/command.ts';
import { FlushContext } from '../commands/keys.ts';
import type { Runner } from '../commands/runner.ts';
import { PolicySecret, StartAuthSession } from '../commands/session.ts';
import type { HashName } from '../structures/algorithms.ts';
import { Permanent } from '../structures/handles.ts';
import { password, policy } from './authorization.ts';

const nothing = new Uint8Array();

/**
 * Runs `use` with a session that satisfies policy A, once; the session is gone afterwards, also when `use` fails.
 * @param authHash the nameAlg of the key that has the policy
 */
export async function withEndorsementPolicy<T>(
  runner: Runner,
  authHash: HashName,
  endorsementAuth: Uint8Array,
  use: (authorization: Authorization) => Promise<T>,
): Promise<T> {
  const { sessionHandle } = await runner.run(StartAuthSession, {
    tpmKey: Permanent.null,
    bind: Permanent.null,
    nonceCaller: randomBytes(16), // shows nothing: the session has no secret; the TPM only wants 16 bytes
    encryptedSalt: nothing,
    sessionType: 'policy',
    symmetric: 'null',
    authHash,
  });
  try {
    await runner.run(
      PolicySecret,
      {
        authHandle: Permanent.endorsement,
        policySession: sessionHandle,
        nonceTpm: nothing,
        cpHashA: nothing,
        policyRef: nothing,
        expiration: 0,
      },
      [password(endorsementAuth)],
    );
    const result = await use(policy(sessionHandle));
    runner.forget(sessionHandle); // the TPM ended it when the use succeeded
    return result;
  } catch (error) {
    await runner.run(FlushContext, { flushHandle: sessionHandle }).catch(() => undefined);
    runner.forget(sessionHandle);
    throw error;
  }
}
