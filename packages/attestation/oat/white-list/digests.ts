// PCRs and digests as OpenAttestation's clients write them, and as reference values have them. Hex is answered in upper case, however it came.
import type { PcrEntry } from '../../changes/white-list.ts';
import { OatError } from '../errors.ts';
import { type Told, textOf } from '../input.ts';

const banks: Readonly<Record<number, PcrEntry['bank']>> = { 40: 'sha1', 64: 'sha256', 96: 'sha384' };

/** @throws OatError `WS_MLE_PCR_NOT_VALID` unless it is a number from 0 to 23 in decimal */
export function pcrOf(name: string): number {
  if (/^([0-9]|1[0-9]|2[0-3])$/.test(name)) return Number(name);
  throw new OatError('WS_MLE_PCR_NOT_VALID', [name], ': a PCR from 0 to 23 is');
}

/** The length of a digest says its bank. @throws OatError `WS_MLE_PCR_NOT_VALID` for what is no digest */
export function entryOf(name: string, digest: string | undefined): PcrEntry {
  const pcr = pcrOf(name);
  const bank = banks[digest?.length ?? 0];
  if (digest === undefined || bank === undefined || !/^[0-9a-f]+$/i.test(digest))
    throw new OatError('WS_MLE_PCR_NOT_VALID', [name], ': 40, 64 or 96 hex digits are');
  return { bank, pcr, value: digest.toLowerCase() };
}

/** Of a MLE's `MLE_Manifests`, absent or null for none. @throws OatError for what is no list of entries, one for each PCR */
export function manifestsOf(mle: Told): PcrEntry[] {
  const given = mle['MLE_Manifests'] ?? [];
  if (!Array.isArray(given)) throw new OatError('SYSTEM_ERROR', ['MLE_Manifests: expected a list']);
  const entries = new Map<number, PcrEntry>();
  for (const one of given as unknown[]) {
    if (typeof one !== 'object' || one === null)
      throw new OatError('SYSTEM_ERROR', ['MLE_Manifests: expected objects']);
    const name = textOf(one as Told, 'Name');
    if (name === undefined) throw new OatError('WS_MLE_DATA_MISSING', ['MLE_Manifests Name']);
    const entry = entryOf(name, textOf(one as Told, 'Value'));
    const before = entries.get(entry.pcr);
    if (before && before.value !== entry.value) throw new OatError('WS_PCR_WHITELIST_ALREADY_EXISTS', [name]);
    entries.set(entry.pcr, entry);
  }
  return [...entries.values()];
}
