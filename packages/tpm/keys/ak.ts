// The attestation key: signs only what the TPM made itself. A primary key of the endorsement hierarchy, because a TPM
// hides its true reset count and firmware version from keys of the owner's (Part 3, chapter 18), and because it comes back
// identical after every restart with nothing stored. TPM2_Clear leaves it; a new endorsement seed ends it.
import { AssayError } from '@assay/core';
import type { Runner } from '../commands/runner.ts';
import type { LoadedKey } from './object.ts';
import { createPrimary } from './primary.ts';
import { type AkAlgorithm, akAlgorithms, akTemplate } from './templates.ts';

/** What tells one AK of a TPM from another, fit for JSON. All of it is public. */
export type SavedAk = {
  algorithm: AkAlgorithm;
  /** Hex, at most 32 bytes. */
  label: string;
  /** Hex; absent: any. */
  name?: string;
};

export type LoadedAk = LoadedKey & { saved: Required<SavedAk> };

/** The key this TPM makes under that algorithm and label. @throws AssayError `tpm-ak-label` */
export async function makeAk(
  runner: Runner,
  { algorithm, label }: Omit<SavedAk, 'name'>,
  endorsementAuth: Uint8Array,
): Promise<LoadedAk> {
  // It may come from a file somebody has edited.
  if (!akAlgorithms.includes(algorithm) || !/^([0-9a-f]{2})*$/.test(label))
    throw new AssayError('tpm-ak-label', 'attestation key', `${akAlgorithms.join(' or ')}, and a label in hex`, {
      algorithm,
      label,
    });
  const template = akTemplate(algorithm, new Uint8Array(Buffer.from(label, 'hex')));
  const key = await createPrimary(runner, 'endorsement', template, endorsementAuth);
  return { ...key, saved: { algorithm, label, name: key.name.toHex() } };
}

/** @throws AssayError `tpm-ak-changed` when the TPM made another key than the saved one */
export function checkedAk(made: LoadedAk, saved: SavedAk): LoadedAk {
  if (saved.name === undefined || saved.name === made.saved.name) return made;
  throw new AssayError('tpm-ak-changed', 'attestation key', `name ${saved.name}`, made.saved.name, {
    hint: 'the TPM was exchanged or its endorsement seed changed: enrol this host again',
  });
}
