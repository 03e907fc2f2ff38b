// What a TPM signs about itself: its PCRs, a key it holds, an NV index. Each is bytes that begin with TPM_GENERATED, and
// their type alone tells a quote from the others: whoever verifies has to look.
import { Certify, NvCertify, Quote } from './commands/attestation.ts';
import type { Runner } from './commands/runner.ts';
import type { LoadedKey } from './keys/object.ts';
import { nvAccess } from './nv.ts';
import { proofFor } from './session/authorization.ts';
import type { PcrSelection } from './structures/pcr-selection.ts';

/** TPMS_ATTEST and TPMT_SIGNATURE. */
export type Attestation = { attest: Uint8Array; signature: Uint8Array };

const ownScheme = { inScheme: { scheme: 'null' } } as const;

export function quote(
  runner: Runner,
  { ak, nonce, selection }: { ak: LoadedKey; nonce: Uint8Array; selection: PcrSelection },
): Promise<Attestation> {
  const values = { signHandle: ak.handle, qualifyingData: nonce, ...ownScheme, pcrSelect: selection };
  return runner.run(Quote, values, [proofFor(ak)]);
}

export function certify(
  runner: Runner,
  { ak, key, nonce }: { ak: LoadedKey; key: LoadedKey; nonce: Uint8Array },
): Promise<Attestation> {
  const values = { objectHandle: key.handle, signHandle: ak.handle, qualifyingData: nonce, ...ownScheme };
  return runner.run(Certify, values, [proofFor(key), proofFor(ak)]);
}

/** All of the index, or, when it is longer than the TPM signs at a time, what is asked for. `size`, `offset` in bytes. */
export async function nvCertify(
  runner: Runner,
  given: { ak: LoadedKey; index: number; nonce: Uint8Array; size?: number; offset?: number },
): Promise<Attestation> {
  const { ak, index, nonce, offset = 0 } = given;
  const { area, authHandle, proof } = await nvAccess(runner, index, 'read');
  const size = given.size ?? area.dataSize - offset;
  const values = {
    signHandle: ak.handle,
    authHandle,
    nvIndex: index,
    qualifyingData: nonce,
    ...ownScheme,
    size,
    offset,
  };
  return await runner.run(NvCertify, values, [proofFor(ak), proof]);
}
