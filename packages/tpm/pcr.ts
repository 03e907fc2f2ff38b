// What do the PCRs hold? Proves nothing to anybody else: only a quote does.
import { AssayError } from '@assay/core';
import { PcrExtend, PcrRead, PcrReset } from './commands/pcr.ts';
import type { Runner } from './commands/runner.ts';
import { password } from './session/authorization.ts';
import { digestSize, type HashName, hashNames } from './structures/algorithms.ts';
import type { PcrBanks, PcrSelection } from './structures/pcr-selection.ts';

/** How often a reading is begun anew because a PCR was extended meanwhile. */
const mostReadings = 8;

/**
 * All selected values, none from before and another from after an extension.
 * @throws AssayError `tpm-pcr-absent` when the TPM does not have one of them (its bank is not active), `tpm-pcr-busy`
 */
export async function pcrRead(runner: Runner, selection: PcrSelection): Promise<PcrBanks> {
  for (let reading = 0; reading < mostReadings; reading++) {
    const values = await readOnce(runner, selection);
    if (values) return values;
  }
  throw new AssayError('tpm-pcr-busy', 'TPM2_PCR_Read', 'PCRs that hold still', `changes in ${mostReadings} readings`);
}

async function readOnce(runner: Runner, selection: PcrSelection): Promise<PcrBanks | undefined> {
  const banks: { [H in HashName]?: Map<number, Uint8Array> } = {};
  let left = selection.filter(({ pcrs }) => pcrs.length > 0);
  let counter: number | undefined;
  while (left.length > 0) {
    const answer = await runner.run(PcrRead, { pcrSelectionIn: left });
    if (counter !== undefined && counter !== answer.pcrUpdateCounter) return undefined;
    counter = answer.pcrUpdateCounter;
    const read = answer.pcrSelectionOut.flatMap(({ hash, pcrs }) => pcrs.map((pcr) => ({ hash, pcr })));
    const [first] = left;
    if (read.length === 0 || read.length !== answer.pcrValues.length)
      throw new AssayError('tpm-pcr-absent', `PCR ${first?.pcrs[0]} of bank ${first?.hash}`, 'a value', 'none', {
        hint: 'the bank is not active in this TPM: activate it in the firmware set-up, or do not ask for it',
      });
    read.forEach(({ hash, pcr }, i) => {
      const value = answer.pcrValues[i];
      banks[hash] ??= new Map();
      if (value) banks[hash].set(pcr, value);
    });
    left = left
      .map(({ hash, pcrs }) => ({ hash, pcrs: pcrs.filter((pcr) => !banks[hash]?.has(pcr)) }))
      .filter(({ pcrs }) => pcrs.length > 0);
  }
  return banks;
}

/** Digests for one PCR, by bank. A bank the TPM has but does not use is passed over by the TPM. */
export type DigestsByBank = { [H in HashName]?: Uint8Array };

/**
 * @param pcr 0–23
 * @throws AssayError `tpm-pcr` for another PCR or a digest of the wrong length
 */
export async function pcrExtend(runner: Runner, pcr: number, digests: DigestsByBank): Promise<void> {
  if (!Number.isInteger(pcr) || pcr < 0 || pcr > 23) throw new AssayError('tpm-pcr', 'PCR', '0 to 23', pcr);
  const list = hashNames.flatMap((hash) => {
    const digest = digests[hash];
    if (digest && digest.length !== digestSize(hash))
      throw new AssayError('tpm-pcr', `PCR ${pcr}, bank ${hash}`, `a digest of ${digestSize(hash)} bytes`, digest);
    return digest ? [{ hash, digest }] : [];
  });
  if (list.length === 0) throw new AssayError('tpm-pcr', `PCR ${pcr}`, 'a digest for at least one bank', 'none');
  await runner.run(PcrExtend, { pcrHandle: pcr, digests: list }, [password()]);
}

/** @param pcr 0–23 */
export async function pcrReset(runner: Runner, pcr: number): Promise<void> {
  await runner.run(PcrReset, { pcrHandle: pcr }, [password()]);
}
