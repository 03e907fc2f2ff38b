// A policy session, and one in which the policy of an endorsement key is satisfied: PolicySecret with the endorsement
// hierarchy, for keys of the high range then PolicyOR (EK Credential Profile, Annex B).
import { randomBytes } from 'node:crypto';
import { FlushContext } from '../commands/keys.ts';
import type { Runner } from '../commands/runner.ts';
import { PolicyOr, PolicySecret, StartAuthSession } from '../commands/session.ts';
import { ekPolicyHash, policyA, policyB, policyC } from '../keys/ek-policy.ts';
import type { HashName } from '../structures/algorithms.ts';
import { Permanent } from '../structures/handles.ts';
import type { Public } from '../structures/public-area.ts';
import type { Authorization, SessionType } from '../structures/session.ts';
import { password, policy } from './authorization.ts';

const nothing = new Uint8Array();

/**
 * A session without secret, bound to nothing, its parameters in the clear.
 * @param authHash of the session; for a policy, the nameAlg of the key that has it
 */
export async function startAuthSession(runner: Runner, sessionType: SessionType, authHash: HashName): Promise<number> {
  const { sessionHandle } = await runner.run(StartAuthSession, {
    tpmKey: Permanent.null,
    bind: Permanent.null,
    nonceCaller: randomBytes(16), // shows nothing: the session has no secret; the TPM only wants 16 bytes
    encryptedSalt: nothing,
    sessionType,
    symmetric: { algorithm: 'null' },
    authHash,
  });
  return sessionHandle;
}

/** @param auth the password of the entity */
export async function policySecret(
  runner: Runner,
  policySession: number,
  entity: number,
  auth: Uint8Array,
): Promise<void> {
  const values = { authHandle: entity, policySession, nonceTpm: nothing, cpHashA: nothing, policyRef: nothing };
  await runner.run(PolicySecret, { ...values, expiration: 0 }, [password(auth)]);
}

/**
 * Runs `use` with a session that satisfies the policy of an endorsement key, once; the session is gone afterwards, also when
 * `use` fails. A policy that is not policy B is taken for policy A: the TPM refuses it if it is not.
 */
export async function withEndorsementPolicy<T>(
  runner: Runner,
  key: Pick<Public, 'nameAlg' | 'authPolicy'>,
  endorsementAuth: Uint8Array,
  use: (authorization: Authorization) => Promise<T>,
): Promise<T> {
  const policySession = await startAuthSession(runner, 'policy', key.nameAlg);
  try {
    await policySecret(runner, policySession, Permanent.endorsement, endorsementAuth);
    const hash = ekPolicyHash(key, policyB);
    if (hash) await runner.run(PolicyOr, { policySession, hashList: [policyA[hash], policyC[hash]] });
    return await use(policy(policySession)); // the TPM ends it when the use succeeds
  } catch (error) {
    await runner.run(FlushContext, { flushHandle: policySession }).catch(() => undefined);
    throw error;
  }
}
