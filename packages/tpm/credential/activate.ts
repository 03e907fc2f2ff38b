// Opens a credential: the TPM gives the secret out only when EK and AK are both its own.
import { decode } from '@assay/core';
import { ActivateCredential } from '../commands/keys.ts';
import type { Runner } from '../commands/runner.ts';
import { ekPolicyHash, policyA, policyB } from '../keys/ek-policy.ts';
import type { LoadedKey } from '../keys/object.ts';
import { proofFor } from '../session/authorization.ts';
import { withEndorsementPolicy } from '../session/policy.ts';
import { Public } from '../structures/public-area.ts';

/**
 * @param credentialBlob TPMS_ID_OBJECT, as `makeCredential` gives it
 * @param secret what stands in the TPM2B_ENCRYPTED_SECRET
 * @returns the secret that was protected
 * @throws AssayError `tpm-rc-integrity` when it was made for another AK or changed, `tpm-rc-value` or (swtpm)
 *   `tpm-rc-failure` when it was made for another EK
 */
export async function activateCredential(
  runner: Runner,
  { ak, ek, credentialBlob, secret }: { ak: LoadedKey; ek: LoadedKey; credentialBlob: Uint8Array; secret: Uint8Array },
  endorsementAuth: Uint8Array,
): Promise<Uint8Array> {
  const values = { activateHandle: ak.handle, keyHandle: ek.handle, credentialBlob, secret };
  const akProof = proofFor(ak);
  const area = decode(Public, ek.publicArea, 'EK TPMT_PUBLIC');
  // A policy of the profile is taken even where the empty password would do: a lockout does not stop it.
  const known = ekPolicyHash(area, policyA) ?? ekPolicyHash(area, policyB);
  if (!known && area.attributes.userWithAuth)
    return (await runner.run(ActivateCredential, values, [akProof, proofFor(ek)])).certInfo;
  return await withEndorsementPolicy(runner, area, endorsementAuth, async (proof) => {
    return (await runner.run(ActivateCredential, values, [akProof, proof])).certInfo;
  });
}
