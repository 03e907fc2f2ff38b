// What does a TPM say it has (TPM2_GetCapability)? A TPM answers in parts; here all of it is one list.
import { AssayError } from '@assay/core';
import type { Runner } from './commands/runner.ts';
import { GetCapability } from './commands/state.ts';
import type { CapabilityData, CapabilityName } from './structures/capability.ts';

/** What `CapabilityData` holds for one capability. */
export type Capability<N extends CapabilityName> = Extract<CapabilityData, { capability: N }>;

/** No TPM has so much of anything; one that says so for ever is not asked for ever. */
const mostParts = 256;
/** As many as there are. */
const all = 0xffffffff;

/**
 * @param first where to begin: an algorithm, handle, command code or property; 0 for all
 * @param count at most so many; all unless told
 * @throws AssayError `tpm-response` when the TPM answers something else, or without end
 */
export async function capability<N extends CapabilityName>(
  runner: Runner,
  name: N,
  first = 0,
  count = all,
): Promise<Capability<N>> {
  let sum: Capability<N> | undefined;
  let property = first;
  for (let part = 0; part < mostParts; part++) {
    const propertyCount = count - (sum ? listOf(sum).length : 0);
    const question = { capability: name, property, propertyCount };
    const { moreData, capabilityData } = await runner.run(GetCapability, question);
    if (capabilityData.capability !== name)
      throw new AssayError('tpm-response', 'TPM2_GetCapability', name, capabilityData.capability);
    const answer = capabilityData as Capability<N>;
    if (sum) listOf(sum).push(...listOf(answer));
    sum ??= answer;
    const last = listOf(answer).at(-1);
    if (!moreData || last === undefined || listOf(sum).length >= count) return sum;
    property = (name === 'commands' ? numberOf(last) & commandCode : numberOf(last)) + 1;
  }
  throw new AssayError('tpm-response', 'TPM2_GetCapability', `at most ${mostParts} parts`, 'more');
}

type Item = number | { alg: number } | { property: number };

/** The one list of an answer, whatever it is called. */
const listOf = (answer: CapabilityData) => Object.values(answer).find(Array.isArray) as Item[];

/** Of TPMA_CC: the code and whether it is a vendor's; the rest says what the command does. */
const commandCode = 0x2000ffff;
const numberOf = (item: Item): number => {
  if (typeof item === 'number') return item;
  return 'alg' in item ? item.alg : item.property;
};
